"""Alerts at the ward: sounded by priority, raised while nobody acknowledges, acknowledged by bed."""

from __future__ import annotations

import json

import pytest
from support.waiting import wait_for

from monitor.cli.ward import as_line, table
from monitor.dashboard.viewmodel.alarm import Sounding
from monitor.dashboard.viewmodel.sound import SoundState, Speaker, tone
from monitor.lsl.multi_listener import MultiListener, StreamNews
from monitor.montage import Channel, StreamDescription
from monitor.session.control import ControlServer
from monitor.session.current_alerts import Alert
from monitor.ward.alerts import OWN, WardAlerts, own_alerts
from monitor.ward.local_recorders import LocalRecorders
from monitor.ward.network import Ward
from monitor.ward.tile import Tile

WORKS = SoundState(True, "Sound output: Test")
LOST = Alert("high", "Both legs missing", "lost-all")
BAD = Alert("medium", "Left leg saturated", "bad-left")
HUM = Alert("low", "Mains in the left leg", "mains-left")


class Loudspeaker:
    def __init__(self) -> None:
        self.state, self.played = WORKS, []

    def start(self) -> None: ...
    def close(self) -> None: ...

    def play(self, priority, *, is_loud=False) -> bool:
        self.played.append((priority, is_loud))
        return True


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def speaker():
    return Loudspeaker()


def outlet(name: str, *labels: str, uid: str = "u1") -> StreamDescription:
    channels = tuple(Channel(label, "", "") for label in labels)
    return StreamDescription(name, "PLMS", name, 0.0, "float32", channels, uid, "pc")


@pytest.fixture
def ward_alerts(speaker, clock):
    return WardAlerts(Sounding(speaker, clock), 300.0, clock)


def tile(bed, *alerts, phase="recording"):
    return Tile(bed, "pc", phase, alerts=alerts)


def test_the_same_alert_of_two_beds_is_two_alerts(ward_alerts, speaker) -> None:
    ward_alerts.update([tile("a", BAD), tile("b")], "")
    assert speaker.played == [("medium", False)]
    assert ward_alerts.acknowledge(("a", "pc")) == {("a", "pc"): {"bad-left": "medium"}}
    ward_alerts.update([tile("a", BAD), tile("b")], "")
    shown = ward_alerts.update([tile("a", BAD), tile("b", BAD)], "")
    assert speaker.played == [("medium", False)] * 2
    assert [one.alerts[0].is_seen for one in shown] == [True, False]
    assert [one.bed[0] for one in ward_alerts.now] == ["b", "a"]


def test_what_was_acknowledged_at_the_bed_is_silent_here(ward_alerts, speaker) -> None:
    ward_alerts.update([tile("a", Alert("high", "Both legs missing", "lost-all", is_seen=True))], "")
    assert speaker.played == []


def test_an_alert_that_returns_or_rises_sounds_again(ward_alerts, speaker) -> None:
    ward_alerts.update([tile("a", BAD)], "")
    ward_alerts.acknowledge()
    ward_alerts.update([tile("a", Alert("high", BAD.text, BAD.key))], "")
    assert speaker.played == [("medium", False), ("high", False)]
    ward_alerts.acknowledge()
    ward_alerts.update([tile("a")], "")
    ward_alerts.update([tile("a", BAD)], "")
    assert speaker.played[2:] == [("medium", False)]


def test_an_alert_nobody_acknowledges_rises_by_one_priority_each_time_then_is_louder(
    ward_alerts, speaker, clock
) -> None:
    heard = {}
    while clock.now_s <= 910.0:
        before = len(speaker.played)
        (shown,) = ward_alerts.update([tile("a", HUM)], "")
        for sound in speaker.played[before:]:
            heard.setdefault(sound, clock.now_s)
        clock.now_s += 0.5
    assert heard == {
        ("low", False): 0.0,
        ("medium", False): 300.0,
        ("high", False): 600.0,
        ("high", True): 904.0,
    }
    # The priority that is shown stays that of the cause.
    assert (shown.alert.priority, shown.unseen) == ("low", "UNSEEN 15 min")
    assert ward_alerts.acknowledge() == {("a", "pc"): {"mains-left": "low"}}
    n = len(speaker.played)
    clock.now_s += 600.0
    (shown,) = ward_alerts.update([tile("a", HUM)], "")
    assert len(speaker.played) == n
    assert shown.unseen == ""


def test_a_lost_bed_is_acknowledged_here_and_not_asked_of_its_recorder(ward_alerts) -> None:
    gone = Alert("high", "No data for 0:06", "gone")
    ward_alerts.update([tile("a", gone, phase="not heard")], "")
    assert ward_alerts.acknowledge() == {("a", "pc"): {}}


def test_all_beds_silent_at_once_is_the_ward_s_own_network() -> None:
    silent = [tile("a", phase="not heard"), tile("b", phase="not heard"), tile("c", phase="ended")]
    (found,) = own_alerts(silent, "", WORKS)
    assert (found.priority, found.key) == ("high", "network")
    assert "any of 2 beds" in found.text
    assert own_alerts([*silent, tile("d")], "", WORKS) == []
    # One bed alone may be its own fault: it has its own alert.
    assert own_alerts(silent[1:], "", WORKS) == []


def test_without_a_window_the_ward_s_own_failures_are_said_too() -> None:
    (failed,) = own_alerts([], "OSError: no interface", WORKS)
    assert table([], [failed]).startswith("!!! No bed can be received: check the network")
    assert "No bed found" not in table([], [failed])
    silent = [tile("a", phase="not heard"), tile("b", phase="not heard")]
    own = own_alerts(silent, "", WORKS)
    assert table(silent, own).startswith("!!! No data from any of 2 beds")
    line = json.loads(as_line(silent, own))
    assert [alert["priority"] for alert in line["alerts"]] == ["high"]
    assert [bed["bed"] for bed in line["beds"]] == ["a", "b"]


def test_lost_sound_and_reception_are_alerts_of_the_ward(ward_alerts, speaker) -> None:
    speaker.state = SoundState(False, "No sound: the device does not open")
    ward_alerts.update([tile("a")], "OSError: no interface")
    assert [(one.bed, one.alert.priority, one.alert.key) for one in ward_alerts.now] == [
        (OWN, "high", "reception"),
        (OWN, "medium", "sound"),
    ]
    assert ward_alerts.acknowledge() == {OWN: {}}


def test_a_failing_search_is_named_once_it_lasts(monkeypatch, clock) -> None:
    searches = []

    def fail(listener):
        searches.append(clock.now_s)
        raise OSError("no interface")

    monkeypatch.setattr(MultiListener, "look", fail)
    with Ward(clock) as ward:
        # The second search begins after the failure of the first was noted.
        wait_for(lambda: len(searches) > 1, "two failed searches", 20.0)
        for clock.now_s in (1.5, 3.0, 4.9):
            assert ward.problem == ""
        clock.now_s = 5.1
        assert ward.problem == "OSError: no interface"
        monkeypatch.setattr(MultiListener, "look", lambda listener: None)
        wait_for(lambda: ward.problem == "", "the end of the alert", 20.0)


def test_a_break_of_the_ward_itself_makes_no_bed_lost_and_nothing_is_green_after_it(
    monkeypatch, clock
) -> None:
    """The process was stopped, or the computer slept: what was received before is old."""
    news = [[StreamNews(outlet("PLMS-Index-bed-3", "state"), [[1.0]])]]
    monkeypatch.setattr(MultiListener, "look", lambda _: None)
    monkeypatch.setattr(MultiListener, "poll", lambda _: news.pop() if news else [])
    with Ward(clock) as ward:
        wait_for(ward.tiles, "the bed", 20.0)

        def now() -> tuple[str, str, list[str], str]:
            (tile,) = ward.tiles()
            return tile.phase, tile.stale, [alert.key for alert in tile.alerts], ward.problem

        assert now() == ("recording", "", [], "")
        clock.now_s += 3600.0
        assert now() == ("recording", "no data for 3600 s", [], "")
        for _ in range(4):
            clock.now_s += 1.25
            assert now()[1:] == (f"no data for {clock.now_s:.0f} s", [], "")
        clock.now_s += 1.25
        assert now() == ("not heard", "no data for 3606 s", ["gone"], "")
        # A bed that was lost before a break still is.
        clock.now_s += 3600.0
        assert now() == ("not heard", "no data for 7206 s", ["gone"], "")
        news.append([StreamNews(outlet("PLMS-Index-bed-3", "state"), [[1.0]])])
        wait_for(lambda: now()[:2] == ("recording", ""), "the bed again", 20.0)


def test_a_loud_tone_has_twice_the_amplitude() -> None:
    assert abs(tone("high", is_loud=True)).max() == pytest.approx(2 * abs(tone("high")).max(), abs=2)


def test_the_device_is_tested_again_while_nothing_sounds(monkeypatch) -> None:
    results = [SoundState(True, "here"), SoundState(False, "unplugged")]
    monkeypatch.setattr(
        "monitor.dashboard.viewmodel.sound.try_device",
        lambda *_: results.pop(0) if len(results) > 1 else results[0],
    )
    speaker = Speaker(test_every_s=0.02)
    speaker.start()
    wait_for(lambda: speaker.state == SoundState(False, "unplugged"), "the loss of the device", 20.0)
    speaker.close()


@pytest.fixture
def recorder(tmp_path):
    """A recorder of bed-3 that answers, beside the left-overs of others."""
    asked = []

    def answer(request):
        asked.append(dict(request))
        return {"recorded_s": 61.5} if request["do"] == "status" else {"seq": 9}

    for name, bed in (("2026-11-20T220000Z_bed-3", "bed-3"), ("2026-11-20T230000Z_bed", "bed")):
        folder = tmp_path / name
        folder.mkdir()
        first = {"v": 1, "seq": 0, "kind": "session", "t": 0.0, "source": "recorder", "bed": bed}
        (folder / "journal.jsonl").write_text(json.dumps(first) + "\n")
    (tmp_path / "2026-11-20T230000Z_bed" / "control.json").write_text("{}")
    damaged = tmp_path / "2026-11-21T000000Z_bed-3"
    damaged.mkdir()
    (damaged / "control.json").write_text("{}")
    server = ControlServer(tmp_path / "2026-11-20T220000Z_bed-3" / "control.json", answer)
    yield asked
    server.close()


def test_an_acknowledgement_goes_to_the_recorder_of_this_computer_with_its_author(recorder, tmp_path) -> None:
    link = LocalRecorders(tmp_path, "pc")
    link.start()
    said = []

    def results(n):
        said.extend(link.results())
        return len(said) == n

    lost = {"lost-all": "high"}
    link.acknowledge({("bed-3", "pc"): lost}, "R. Night")
    beds = [("bed-3", "pc"), ("bed-3", "other"), ("bed-4", "other"), ("bed-3*", "pc")]
    link.acknowledge(dict.fromkeys(beds, lost) | {OWN: {}}, "R. Night")
    wait_for(lambda: results(2), "answers", 20.0)
    link.stop()
    request = {"do": "acknowledged", "t": 61.5, "alerts": lost, "author": "R. Night"}
    assert [request for request in recorder if request["do"] != "status"] == [request] * 2
    assert said[0] == "bed-3: acknowledged, in the journal as R. Night"
    # What a person has to do comes first.
    here = "acknowledged on this screen only, not in the journal:"
    assert said[1].split("; ") == [
        f"bed-3, bed-4: {here} recorded on other, acknowledge it there too",
        f"bed-3*: {here} no running session of bed-3* in {tmp_path}",
        "bed-3: acknowledged, in the journal as R. Night",
        "this screen: acknowledged on this screen",
    ]
