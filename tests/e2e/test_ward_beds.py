"""The ward on real recorders: joined late, a bed killed and restarted, a bed ended."""

from __future__ import annotations

import json
import socket
import time

import pytest
from support.waiting import wait_for
from support.watching import END_S, START_S, Command, Watch, run

from monitor.lsl.library import lsl
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet
from monitor.model.wording import NONE, hms
from monitor.ward.local_recorders import LocalRecorders
from monitor.ward.network import Ward

SPEED = 20.0
SOURCE = ("--stream", "PLMS-Sim-EMG", "--stream", "PLMS-Sim-Markers")


@pytest.fixture
def start(tmp_path):
    """Start commands; they are killed at the end."""
    started = []

    def start(bed: str = "") -> Command:
        if bed:
            command = Watch(tmp_path / "sessions", *SOURCE, "--bed", bed)
        else:
            command = Command(tmp_path / "amp.log", "simulate", "--seed", "5", "--speed", f"{SPEED:g}")
        started.append(command)
        return command

    yield start
    for command in started:
        command.kill()


@pytest.mark.smoke
@pytest.mark.timeout(600)
def test_beds_are_joined_late_and_may_die_come_back_and_end(start) -> None:
    start()
    beds = {name: start(name) for name in ("ward-1", "ward-2")}
    for bed in beds.values():
        bed.facts_until(lambda facts: any(f.kind == "stage" for f in facts), "stage")
    with Ward() as ward:

        def tile(name: str):
            return next((one for one in ward.tiles() if one.bed == name), None)

        def becomes(name: str, condition, what: str) -> None:
            wait_for(lambda: (now := tile(name)) and condition(now), f"{name}: {what}", START_S)

        for name in beds:
            becomes(name, lambda now: now.phase == "recording" and now.stage != "no stages", "known")
            becomes(name, lambda now: {"L ok", "R ok"} <= {one.text for one in now.health}, "legs")
            becomes(name, lambda now: now.title.startswith("PLMS per hour of sleep"), "index by its name")
            assert tile(name).alerts == ()
        becomes("ward-1", lambda now: now.moving, "a movement while it runs")
        becomes("ward-2", lambda now: now.last_movement, "a movement that has ended")
        # Far enough that the recording that follows it cannot be taken for it.
        becomes("ward-2", lambda now: NONE != now.recorded >= "0:04:00", "a while recorded")

        beds["ward-2"].kill()
        killed_s = time.monotonic()
        becomes("ward-2", lambda now: now.phase == "not heard", "missed")
        assert [one.bed for one in ward.tiles()] == ["ward-2", "ward-1"]
        assert ward.tiles()[0].alert.priority == "high"
        start("ward-2")
        becomes("ward-2", lambda now: now.phase == "recording" and not now.alerts, "back")
        becomes("ward-2", lambda now: now.recorded != NONE, "a length")
        # No more than can have been recorded since.
        assert tile("ward-2").recorded < hms(SPEED * (time.monotonic() - killed_s))

        beds["ward-1"].process.terminate()
        assert beds["ward-1"].end() == 0
        becomes("ward-1", lambda now: now.phase == "ended", "ended")
        assert tile("ward-1").alerts == ()
        assert ward.tiles()[-1].bed == "ward-1"
        assert [fact.kind for fact in ward.log("ward-1", tile("ward-1").host)][-1] == "stop"


@pytest.mark.timeout(300)
def test_an_alert_is_acknowledged_at_the_ward_in_the_journal_of_its_bed(start, tmp_path) -> None:
    amplifier, bed = start(), start("ward-3")
    bed.facts_until(lambda facts: any(f.kind == "stage" for f in facts), "stage")
    host, link = socket.gethostname(), LocalRecorders(tmp_path / "sessions")
    link.start()
    with Ward() as ward:

        def alerts():
            return {alert.key: alert for tile in ward.tiles() for alert in tile.alerts}

        wait_for(lambda: any(tile.phase == "recording" for tile in ward.tiles()), "the bed", START_S)
        assert alerts() == {}
        amplifier.kill()
        wait_for(lambda: "lost-all" in alerts(), "the alert", START_S)
        link.acknowledge({("ward-3", host): {"lost-all": alerts()["lost-all"].priority}}, "R. Night")
        facts = bed.facts_until(lambda facts: any(f.kind == "acknowledged" for f in facts), "acknowledged")
        (journalled,) = (fact for fact in facts if fact.kind == "acknowledged")
        assert journalled.data["author"] == "R. Night"
        wait_for(lambda: alerts()["lost-all"].is_seen, "seen at the ward", START_S)
    link.stop()
    # A ward that is opened later is told by the next snapshot.
    with Ward() as late:
        wait_for(
            lambda: [a.is_seen for t in late.tiles() for a in t.alerts if a.key == "lost-all"] == [True],
            "seen by a late joiner",
            START_S,
        )


def test_what_others_send_under_a_bed_s_name_is_told_and_stops_nothing() -> None:
    channels = (ChannelHeader("plms_index_aasm3", "1/h", ""),)
    index = OutletHeader("PLMS-Index-odd", "PLMS", "odd-index", 0.0, "float32", channels)
    facts = OutletHeader("PLMS-Facts-odd", "PLMS", "odd-facts", 0.0, "string", channels)
    with open_outlet(index) as numbers, open_outlet(facts) as lines, Ward() as ward:

        def said() -> list[str]:
            numbers.push_sample([5.0], lsl().local_clock())
            lines.push_text('{"kind":"snapshot","standing":7}', lsl().local_clock())
            return [alert.text for tile in ward.tiles() if tile.bed == "odd" for alert in tile.alerts]

        wait_for(lambda: any("Unreadable data" in text for text in said()), "the alert", END_S)
        result = run("ward", "--json", "--duration", "2")
        assert result.returncode == 0, result.stderr
        last = json.loads(result.stdout.splitlines()[-1])
        assert {"utc", "beds"} <= set(last)
