"""One bed as the ward hears it: a late joiner, a line that is none, silence, a new recording."""

from __future__ import annotations

import json
import math

import pytest

from monitor.cli.ward import table
from monitor.model.facts import Fact
from monitor.session.journal import encode
from monitor.ward.bed import Bed
from monitor.ward.tile import by_alert

LABELS = [
    "plms_index_aasm3", "plms_index_wasm2016", "plm_per_hour_recorded", "plm_rate_30min", "n_plms_aasm3",
    "n_plms_wasm2016", "tst_h", "usable_left", "usable_right", "state",
]  # fmt: skip
NAN = math.nan


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def row(kind, t, seq, **data):
    return {"v": 1, "seq": seq, "kind": kind, "t": t, "source": "recorder"} | data


STANDING = [
    row("session", 0.0, 0, bed="b", main_profile="wasm2016", legs=["left", "right"]),
    row("stream", 0.0, 2, key=1, name="SAGA", rate_hz=500.0, speed=1.0),
    row("quality", 20.0, 5, leg="left", state="ok", causes=[], rest_uv=2.0),
    row("quality", 20.0, 6, leg="right", state="ok", causes=[], rest_uv=2.0),
    row("stage", 3000.0, 90, stage="N3", duration_s=30.0),
]


def snapshot(standing=STANDING, **changes):
    sources = [{"name": "SAGA", "connected": True, "rate_hz": 500.0, "legs": ["left", "right"]}]
    whole = {
        "kind": "snapshot", "t": 3030.0, "bed": "b", "main_profile": "wasm2016", "recorded_s": 3030.0,
        "series": {"n": 6, "onset": 2900.0}, "n_series": 2, "n_lm": 31, "too_early": [],
        "health": {"trouble": "", "saved_s_ago": 2.0, "sources": sources},
        "curve": {"step_s": 60, "rate_30min": [[49, 10.0], [50, 12.5]]}, "standing": standing,
    }  # fmt: skip
    return json.dumps(whole | changes, separators=(",", ":"))


def line(kind, t, seq, **data):
    return encode(Fact(kind, t, "detector", data, seq=seq)).decode().rstrip("\n")


def index(**changes):
    values = dict.fromkeys(LABELS, 1.0) | {"plms_index_wasm2016": 21.5, "n_plms_wasm2016": 17, "tst_h": 0.79}
    return list((values | changes).values())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def bed(clock):
    made = Bed("b", "pc", clock)
    made.add_index(LABELS, index())
    made.add_line(snapshot())
    return made


def priorities(bed):
    return [alert.priority for alert in bed.tile().alerts]


def test_one_snapshot_and_one_index_are_all_a_late_joiner_needs(bed) -> None:
    tile = bed.tile()
    assert (tile.phase, tile.title, tile.value) == ("recording", "PLMS per hour of sleep · WASM 2016", "21.5")
    assert tile.count == "17 PLMS in 47 min of sleep"
    assert (tile.stage, tile.series, tile.saved) == ("N3", "series of 6 since 0:48:20", "data is being saved")
    assert [(one.text, one.state) for one in tile.health] == [
        ("L ok", "ok"),
        ("R ok", "ok"),
        ("SAGA 500.0 Hz", "ok"),
    ]
    # A rate of the first ten minutes would be one of a few movements.
    assert tile.curve[0] == (0, None)
    assert [(minute, rate) for minute, rate in tile.curve if rate][:2] == [(49, 10.0), (50, 12.5)]
    assert not tile.is_too_early
    assert tile.alerts == ()


def test_without_stages_the_number_has_another_name_and_says_when_it_is_too_early(bed) -> None:
    bed.add_line(snapshot(STANDING[:-1], too_early=["plm_per_hour_recorded"]))
    bed.add_index(LABELS, index(tst_h=NAN, plms_index_wasm2016=NAN, plm_per_hour_recorded=8.0))
    tile = bed.tile()
    assert (tile.title, tile.value, tile.stage) == ("PLM per hour recorded · WASM 2016", "8.0", "no stages")
    assert tile.is_too_early
    value, name, remark = tile.number
    assert (value, remark) == ("31", "no rate in the first 10 min")
    assert name.startswith("leg movements in ")
    assert "8.0" not in table([tile])
    assert f"31 {name}" in table([tile])


def test_without_a_score_no_number_is_shown(bed) -> None:
    bed.add_line(snapshot(too_early=[], n_lm=None, series=None, n_series=None))
    bed.add_index(LABELS, index(tst_h=NAN, plms_index_wasm2016=NAN, plm_per_hour_recorded=NAN))
    tile = bed.tile()
    assert (tile.phase, tile.value, tile.n, tile.series, tile.alerts) == ("recording", "–", None, "", ())
    assert " – " in table([tile])


def test_before_the_first_snapshot_a_rate_is_too_early(clock) -> None:
    bed = Bed("b", "pc", clock)
    assert bed.tile().phase == "waiting"
    bed.add_index(LABELS, index())
    assert bed.tile().is_too_early


def test_before_the_first_snapshot_nothing_is_said_that_is_not_known(clock) -> None:
    bed = Bed("b", "pc", clock)
    bed.add_index(LABELS, index())
    tile = bed.tile()
    assert (tile.recorded, tile.number[2]) == ("–", "its rate is not known yet")
    assert tile.unknown == (("left", 300.0, 0.0), ("right", 300.0, 0.0))
    assert (tile.alerts, tile.without_alert) == ((), "alerts not known yet (within 30 s)")
    assert "no alerts" not in table([tile])
    bed.add_line(snapshot())
    assert bed.tile().without_alert == "no alerts · data is being saved"
    assert bed.tile().recorded == "0:50:30"


def test_a_movement_is_seen_from_its_onset_to_its_end(bed) -> None:
    data = {"leg": "left", "id": "m1", "onset": 3031.0, "end": None, "known": 3031.1}
    bed.add_line(line("movement", 3031.0, 91, **data, phase="onset"))
    assert bed.tile().moving == {"left"}
    bed.add_line(line("movement", 3031.0, 92, **(data | {"end": 3033.5}), phase="closed"))
    assert bed.tile().moving == frozenset()
    assert bed.tile().last_movement.startswith("last L 2.5 s")


def test_what_is_not_known_of_the_last_minutes_is_no_time_without_movements(bed, clock) -> None:
    both = [("left", 3030.0, 0.0), ("right", 3030.0, 0.0)]
    assert list(bed.tile().unknown) == both
    clock.now_s += 2.0
    bed.add_index(LABELS, index())
    assert list(bed.tile().unknown) == [(leg, 3032.0, 2.0) for leg in ("left", "right")]
    for _ in range(310):
        clock.now_s += 1.0
        bed.add_index(LABELS, index())
    assert bed.tile().unknown == ()
    # The network failed for 20 s, then the right leg was lost.
    clock.now_s += 20.0
    bed.add_index(LABELS, index())
    assert bed.tile().unknown == (("left", 20.0, 0.0), ("right", 20.0, 0.0))
    now_s = bed.tile().recorded
    assert now_s == "0:56:02"
    bed.add_line(line("gap", 3362.0, 95, legs=["right"], end=None, cause="stream lost", resets=True))
    clock.now_s += 2.0
    bed.add_index(LABELS, index())
    assert bed.tile().unknown[-1] == ("right", 2.0, 0.0)


def test_any_number_of_gaps_that_overlap_is_one_hatched_span_by_leg(bed) -> None:
    gaps = [row("gap", 2950.0 + n / 50, 100 + n, legs=["left"], end=None, cause="x") for n in range(1000)]
    bed.add_line(snapshot([*STANDING, *gaps]))
    # Nothing was heard before the first snapshot.
    assert bed.tile().unknown == (("left", 3030.0, 0.0), ("right", 3030.0, 0.0), ("left", 80.0, 0.0))


def test_silence_is_not_known_whatever_comes_first_after_it(bed, clock) -> None:
    clock.now_s += 10.0
    bed.add_index(LABELS, index())
    clock.now_s += 20.0
    bed.add_line(snapshot(recorded_s=3060.0))
    bed.add_index(LABELS, index())
    assert bed.tile().unknown[-2:] == (("left", 20.0, 0.0), ("right", 20.0, 0.0))


def test_a_bed_that_was_heard_from_its_start_has_no_unknown_time(clock) -> None:
    bed = Bed("b", "pc", clock)
    clock.now_s += 25.0
    bed.add_line(snapshot(recorded_s=24.5, t=24.5, standing=STANDING[:-1]))
    assert bed.tile().unknown == ()


def test_the_strip_has_the_movements_of_the_last_minutes_by_their_age(bed, clock) -> None:
    def movement(number, onset_s, phase, end_s=None, leg="right"):
        data = {"leg": leg, "id": f"m{number}", "onset": onset_s, "end": end_s, "known": onset_s + 1}
        bed.add_line(line("movement", onset_s, 90 + number, **data, phase=phase))

    movement(1, 3000.0, "onset")
    movement(1, 3000.0, "closed", 3002.0)
    movement(2, 3010.0, "onset")
    movement(2, 3010.0, "withdrawn")
    # Its end was missed.
    movement(3, 3012.0, "onset")
    movement(4, 3028.0, "onset")
    movement(4, 3028.0, "confirmed")
    assert bed.tile().strip == (("right", 2.0, 0.0), ("right", 30.0, 28.0))
    assert bed.tile().moving == {"right"}
    clock.now_s += 200
    bed.add_index(LABELS, index())
    assert bed.tile().strip[-1] == ("right", 230.0, 228.0)
    clock.now_s += 80
    bed.add_index(LABELS, index())
    assert bed.tile().strip == (("right", 282.0, 0.0),)


def test_lost_legs_are_the_alert_the_bed_s_own_screen_would_show(bed, clock) -> None:
    bed.add_line(line("gap", 3030.0, 91, legs=["left", "right"], end=None, cause="stream lost", resets=True))
    clock.now_s += 30
    bed.add_index(LABELS, index(state=3.0))
    (alert,) = bed.tile().alerts
    assert (alert.priority, alert.text) == ("medium", "Both legs missing 0:30, not counted")
    assert bed.tile().phase == "no signal"
    # That it ended was told while nobody could hear: the next snapshot says what holds.
    bed.add_line(snapshot())
    assert bed.tile().alerts == ()


def test_silent_legs_are_an_alert_as_soon_as_at_the_bed(bed, clock) -> None:
    """The length recorded stands still with the signal: the alert came as late as the snapshot was."""
    silent = [row("quality", 3030.0, 95 + i, leg=leg, state="bad", causes=["no data"])
              for i, leg in enumerate(("left", "right"))]  # fmt: skip
    source = {"name": "SAGA", "connected": True, "rate_hz": 500.0, "legs": ["left", "right"]}
    health = {"trouble": "", "saved_s_ago": 2.0, "sources": [source | {"last_arrival_s_ago": 0.03}]}
    bed.add_line(snapshot(health=health))
    clock.now_s += 25.0
    bed.add_index(LABELS, index())
    # The quality of the legs is received before the snapshot that follows it.
    for leg in ("left", "right"):
        bed.add_line(line("quality", 3055.0, 93, leg=leg, state="bad", causes=["no data"]))
    assert bed.tile().alerts == ()
    health = {"trouble": "", "saved_s_ago": 2.0, "sources": [source | {"last_arrival_s_ago": 5.2}]}
    bed.add_line(snapshot([*STANDING[:2], *silent, STANDING[-1]], health=health))
    for _ in range(4):
        clock.now_s += 1.0
        bed.add_index(LABELS, index(state=3.0))
        assert bed.tile().alerts == ()
    clock.now_s += 1.0
    bed.add_index(LABELS, index(state=3.0))
    (alert,) = bed.tile().alerts
    assert (alert.key, alert.text) == ("lost-all", "Both legs missing 0:10, not counted")
    # The rate is that of before.
    assert ("SAGA no data", "bad") in {(one.text, one.state) for one in bed.tile().health}


def test_what_is_not_saved_is_a_high_alert(bed) -> None:
    bed.add_line(snapshot(health={"trouble": "no space", "saved_s_ago": 40.0, "sources": []}))
    assert priorities(bed) == ["high", "high"]
    assert bed.tile().is_saved_old
    assert bed.tile().saved == "last saved 40 s ago"


def test_between_two_snapshots_nothing_is_said_to_be_saved_later_and_later(bed, clock) -> None:
    for _ in range(28):
        clock.now_s += 1.0
        bed.add_index(LABELS, index())
    assert bed.tile().saved == "data is being saved"
    clock.now_s += 3.0
    assert bed.tile().saved == ""


def test_a_bed_that_falls_silent_is_an_alert_and_its_clock_stands_still(bed, clock) -> None:
    clock.now_s += 4
    assert bed.tile().alerts == ()
    before = bed.tile().recorded
    clock.now_s += 60
    assert priorities(bed) == ["high"]
    assert bed.tile().alert.text == "No data for 1:04: check recorder and network"
    assert (bed.tile().phase, bed.tile().recorded) == ("not heard", before)


def test_a_bed_that_was_not_heard_for_more_than_two_seconds_shows_nothing_as_good(bed, clock) -> None:
    # With the pace of the screen this is seen within three.
    clock.now_s += 2.4
    assert bed.tile().stale == ""
    assert "ok" in {one.state for one in bed.tile().health}
    clock.now_s += 0.2
    assert bed.tile().stale == "no data for 3 s"
    assert [(one.text, one.state) for one in bed.tile().health] == [("no data for 3 s", "off")]
    bed.add_index(LABELS, index())
    assert bed.tile().stale == ""
    assert "ok" in {one.state for one in bed.tile().health}


def hear(bed, clock, length_s) -> None:
    """Receive the index each second."""
    for _ in range(length_s):
        clock.now_s += 1.0
        bed.add_index(LABELS, index())


def test_a_bed_that_sends_only_its_numbers_has_no_known_state(bed, clock) -> None:
    hear(bed, clock, 75)
    assert (bed.tile().alerts, bed.tile().without_alert) == ((), "no alerts · data is being saved")
    hear(bed, clock, 1)
    assert [(alert.priority, alert.key) for alert in bed.tile().alerts] == [("high", "unknown")]
    assert bed.tile().alert.text.startswith("Alerts not received for 1:16: ")
    assert [(one.text, one.state) for one in bed.tile().health] == [("state not known", "off")]
    assert (bed.tile().saved, bed.tile().is_partial, bed.tile().phase) == ("", True, "recording")
    # A state of another version cannot be read: it is no news of this bed.
    bed.add_line(snapshot([*STANDING, row("no such kind", 0.0, 91)]))
    assert bed.tile().alert.key == "unknown"
    bed.add_line(snapshot([*STANDING, row("no such kind", 0.0, 91)])[:-9])
    bed.add_line(snapshot())
    assert "unknown" not in {alert.key for alert in bed.tile().alerts}
    assert not bed.tile().is_partial


def test_an_old_state_hides_nothing_that_the_ward_finds_itself(bed, clock) -> None:
    assert bed.connected("Index", "i1")
    bed.connected("Index", "i2")
    bed.add_line("{")
    hear(bed, clock, 77)
    assert not bed.connected("Index", "i1")
    assert [alert.key for alert in bed.tile().alerts] == ["unknown", "twice", "unreadable"]
    hear(bed, clock, 6)
    assert [alert.key for alert in bed.tile().alerts] == ["unknown", "unreadable"]


def test_the_state_is_awaited_first_after_a_silence(bed, clock) -> None:
    clock.now_s += 600.0
    hear(bed, clock, 20)
    assert (bed.tile().alerts, bed.tile().without_alert) == ((), "alerts not known yet (within 30 s)")
    assert "ok" not in {one.state for one in bed.tile().health}
    hear(bed, clock, 60)
    assert [alert.key for alert in bed.tile().alerts] == ["unknown"]


def test_a_bed_whose_state_never_comes_is_an_alert(clock) -> None:
    bed = Bed("b", "pc", clock)
    hear(bed, clock, 76)
    assert [alert.key for alert in bed.tile().alerts] == ["unknown"]


def test_a_bed_that_was_ended_alerts_nobody(bed, clock) -> None:
    bed.add_line(line("stop", 3040.0, 91, reason="SIGTERM"))
    clock.now_s += 600
    assert (bed.tile().phase, bed.tile().alerts) == ("ended", ())
    # Its lamps would be those of the last moment.
    assert [(one.text, one.state) for one in bed.tile().health] == [("recording ended", "off")]
    assert bed.tile().saved == ""


def test_another_recording_begins_a_new_page_and_a_new_connection_does_not(bed) -> None:
    bed.connected("Index", "u1")
    bed.connected("Facts", "u2")
    bed.connected("Index", "u1")
    assert bed.tile().stage == "N3"
    bed.connected("Index", "u3")
    bed.connected("Facts", "u4")
    assert (bed.tile().stage, bed.tile().series) == ("no stages", "")
    bed.add_line(snapshot())
    bed.connected("Facts", "u4")
    assert bed.tile().stage == "N3"


def test_of_two_recorders_with_the_same_names_one_is_shown_and_that_is_an_alert(bed, clock) -> None:
    """Two computers that were copied have the same name, and so may the beds on them."""

    def send(index_uid: str, facts_uid: str) -> None:
        if bed.connected("Index", index_uid):
            bed.add_index(LABELS, index())
        if bed.connected("Facts", facts_uid):
            bed.add_line(snapshot(n_series=5 if facts_uid == "f1" else 9, series=None))

    send("i1", "f1")
    assert (bed.tile().series, bed.tile().alerts) == ("no series now, 5 so far", ())
    for _ in range(10):
        clock.now_s += 1.0
        send("i2", "f2")
        send("i1", "f1")
    assert bed.tile().series == "no series now, 9 so far"
    assert [(alert.priority, alert.key) for alert in bed.tile().alerts] == [("high", "twice")]
    # One of them is stopped: the other is shown.
    if bed.connected("Facts", "f2"):
        bed.add_line(line("stop", 3040.0, 95, reason="SIGTERM"))
    assert bed.tile().phase == "ended"
    for _ in range(6):
        clock.now_s += 1.0
        send("i1", "f1")
    assert (bed.tile().phase, bed.tile().series) == ("recording", "no series now, 5 so far")
    assert bed.tile().alerts == ()


def test_of_two_recorders_the_other_is_shown_once_the_first_is_lost(bed, clock) -> None:
    for uid in ("i1", "i2"):
        assert bed.connected("Index", uid)
        bed.add_index(LABELS, index(tst_h=NAN))
    assert not bed.connected("Index", "i1")
    for _ in range(6):
        clock.now_s += 1.0
        bed.tile()
    assert bed.connected("Index", "i1")


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "null", '{"kind":"snapshot"', '{"kind":"snapshot"}', snapshot([{}]), snapshot([[1]]),
        snapshot(standing=None), snapshot(curve={"rate_30min": [["x", 1]]}), line("stage", 1.0, 1)[:-4],
        snapshot([row("no such kind", 0.0, 1)]), snapshot(recorded_s="long"),
        snapshot(too_early=["x" * 300_000]), snapshot(curve={"rate_30min": [[math.inf, 1.0]]}),
        snapshot([*STANDING[:-1], row("stage", 0.0, math.inf, stage="N1")]), snapshot(recorded_s=math.inf),
        '{"kind":"snapshot","a":' + "[" * 100_000,
        snapshot(health={"sources": [{"name": f"S{n}", "connected": True, "waits": "x"} for n in range(51)]}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_and_changes_nothing(bed, text) -> None:
    before = bed.tile()
    bed.add_line(text)
    after = bed.tile()
    assert [alert.text[:25] for alert in after.alerts] == ["Unreadable data received "]
    assert (after.stage, after.series, after.value) == (before.stage, before.series, before.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"series": 5},
        {"health": []},
        {"health": {"sources": [{}]}},
        {"recorded_s": "long"},
        {"recorded_s": 1e308},
        {"n_series": None},
        {"n_series": math.inf},
        {"n_lm": {"left": 3}},
        {"n_lm": math.nan},
        {"standing": [*STANDING, row("gap", 9.0, 91, legs=["left"], end=1e300, cause="x")]},
        {"standing": [*STANDING, row("lights", math.inf, 91, state="off")]},
        {"standing": [*STANDING, row("stage", 3001.0, 91, stage=math.nan, duration_s=30.0)]},
        {"standing": [*STANDING, row("stage", 3001.0, 91, stage="N1", duration_s=math.inf)]},
        {"standing": [*STANDING, row("stream", 0.0, 91, key=2, name="Aux", rate_hz=1.0, speed="fast")]},
    ],
)
def test_a_snapshot_of_other_values_costs_the_ward_no_other_bed(bed, clock, changes) -> None:
    other = Bed("c", "pc", clock)
    other.add_index(LABELS, index())
    other.add_line(snapshot())
    bed.add_line(snapshot(**changes))
    clock.now_s += 1.0
    for each in (bed, other):
        each.add_index(LABELS, index())
    tiles = by_alert(each.tile() for each in (other, bed))
    assert {tile.bed for tile in tiles} == {"b", "c"}
    assert json.loads(json.dumps([tile.as_dict() for tile in tiles], allow_nan=False))


def test_a_text_of_any_length_is_shown_short(bed) -> None:
    sources = [{"name": "S" * 90_000, "connected": False, "waits": "w" * 9_000, "legs": ["left"]}]
    bed.add_line(snapshot(health={"trouble": "t" * 90_000, "saved_s_ago": 1.0, "sources": sources}))
    shown = [*(alert.text for alert in bed.tile().alerts), *(one.text for one in bed.tile().health)]
    assert shown[0].startswith("Data is not being written: tttt")
    assert max(map(len, shown)) <= 200


@pytest.mark.parametrize(
    "data", [{"leg": "tail"}, {"leg": ["left"]}, {"onset": "early"}, {"phase": "closed", "end": None}]
)
def test_a_movement_that_cannot_be_drawn_is_left_out(bed, data) -> None:
    whole = {"leg": "left", "id": "m1", "onset": 3031.0, "end": None, "known": 3031.1, "phase": "onset"}
    bed.add_line(line("movement", 3031.0, 91, **(whole | data)))
    assert (bed.tile().strip, bed.tile().moving) == ((), frozenset())
    assert [alert.text[:25] for alert in bed.tile().alerts] == ["Unreadable data received "]


def test_beds_are_in_the_order_people_count_them(clock) -> None:
    beds = [Bed(name, "pc", clock) for name in ("bed-10", "bed-2", "icu", "bed-1")]
    assert [tile.bed for tile in by_alert(bed.tile() for bed in beds)] == ["bed-1", "bed-2", "bed-10", "icu"]


def test_a_bio_calibration_stands_in_the_place_of_the_number(bed):
    assert (bed.tile().is_biocal, bed.tile().number[0]) == (False, "21.5")
    bed.add_line(snapshot(biocal=3000.0))
    tile = bed.tile()
    assert tile.number == ("BIO-CAL", "Bio-calibration", "nothing is counted")
    assert tile.series == "nothing is counted"
    assert tile.as_dict()["biocal"] is True
    bed.add_line(snapshot(biocal=None))
    assert bed.tile().number[0] == "21.5"


def test_a_fact_between_two_snapshots_is_in_the_health_at_once(bed) -> None:
    assert [one.text for one in bed.tile().health][:2] == ["L ok", "R ok"]
    bed.add_line(line("quality", 3031.0, 100, leg="left", state="bad", causes=["no data"], rest_uv=2.0))
    assert [one.text for one in bed.tile().health][:2] == ["L no data", "R ok"]
    bed.add_line(snapshot())
    assert [one.text for one in bed.tile().health][:2] == ["L ok", "R ok"]
    bed.add_line(snapshot(health={"sources": []}))
    assert [one.text for one in bed.tile().health] == ["L ok", "R ok"]
