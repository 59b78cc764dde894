"""The script of the simulated night: same seed same night, and what the demonstration promises."""

import itertools
import math

import numpy as np
import pytest

from monitor.simulator.amplifier import marker_text
from monitor.simulator.burst import Burst, burst_amplitude
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.schedule import PROFILES, Schedule

HOUR_S = 3600.0
SEEDS = range(200)


def rows(schedule, kind, until_s=HOUR_S):
    return [row for row in schedule.truth(until_s) if row.trial_type == kind]


@pytest.mark.parametrize("profile", PROFILES)
def test_same_seed_same_truth_and_other_seed_another(profile):
    first = Schedule(7, profile, HOUR_S).truth(HOUR_S)
    assert first == Schedule(7, profile, HOUR_S).truth(HOUR_S)
    assert (first == Schedule(8, profile, HOUR_S).truth(HOUR_S)) == (profile == "quiet")


def test_what_happens_does_not_depend_on_the_order_of_asking():
    late_first = Schedule(3, "demo")
    late = late_first.bursts_between(5000.0, 5600.0)
    Schedule(3, "demo").truth(6000.0)
    in_order = Schedule(3, "demo")
    in_order.bursts_between(0.0, 1200.0)
    assert in_order.bursts_between(5000.0, 5600.0) == late
    assert late


@pytest.mark.parametrize("seed", SEEDS)
def test_demo_begins_with_rest_and_a_series_that_both_rule_sets_count(seed):
    schedule = Schedule(seed, "demo")
    bursts = sorted(schedule.bursts_between(0.0, 130.0), key=lambda b: b.onset_s)
    assert bursts[0].start_s >= 6.0
    # Movements of the two legs that begin within a second are one.
    groups = [[bursts[0]]]
    for burst in bursts[1:]:
        if burst.onset_s - groups[-1][0].onset_s < 1.0:
            groups[-1].append(burst)
        else:
            groups.append([burst])
    onsets = [min(b.onset_s for b in group) for group in groups[:8]]
    intervals = np.diff(onsets)
    assert len(onsets) == 8
    assert intervals.min() >= 12.0
    assert intervals.max() <= 25.0
    fourth_end_s = max(b.onset_s + b.duration_s for b in groups[3])
    assert fourth_end_s <= 70.0
    assert all(0.5 <= b.duration_s <= 10.0 for group in groups[:8] for b in group)
    assert {m.kind for m in itertools.takewhile(lambda m: m.onset_s < 120, schedule.marks())} <= {
        "N2",
        "lights_off",
    }


@pytest.mark.parametrize("seed", range(20))
def test_demo_shows_everything_within_its_first_ten_minutes(seed):
    kinds = {row.trial_type for row in Schedule(seed, "demo").truth(600.0)}
    assert kinds >= {
        "lights_off",
        "W",
        "N1",
        "N2",
        "N3",
        "R",
        "hypopnea",
        "arousal",
        "position",
        "LM_left",
        "LM_right",
    }
    assert kinds & {"twitch_left", "twitch_right"}


def test_demo_repeats_but_the_lights_go_off_once():
    truth = Schedule(1, "demo").truth(2 * HOUR_S)
    assert [row.onset_s for row in truth if row.trial_type == "lights_off"] == [0.0]
    for scene in range(12):
        inside = [row for row in truth if scene * 600 <= row.onset_s < (scene + 1) * 600]
        assert {"position", "hypopnea", "LM_left"} <= {row.trial_type for row in inside}


def test_quiet_is_rest_in_n2_for_ever():
    schedule = Schedule(1, "quiet")
    assert math.isinf(schedule.duration_s)
    assert {row.trial_type for row in schedule.truth(HOUR_S)} == {"N2"}
    assert schedule.bursts_between(1e6, 1e6 + HOUR_S) == []


@pytest.mark.parametrize("seed", range(10))
def test_night_is_eight_hours_of_gapless_stages_that_end_awake(seed):
    schedule = Schedule(seed, "night")
    truth = schedule.truth(math.inf)
    stages = [row for row in truth if row.trial_type in ("W", "N1", "N2", "N3", "R")]
    assert [row.onset_s for row in stages] == [30.0 * index for index in range(960)]
    assert stages[-1].trial_type == "W"
    sleep_h = sum(row.trial_type != "W" for row in stages) / 120
    assert 6.0 < sleep_h < 7.9
    assert len(rows(schedule, "lights_off", math.inf)) == len(rows(schedule, "lights_on", math.inf)) == 1
    assert len([r for r in truth if r.trial_type.startswith("LM_")]) > 200


@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_sleeper_turns_over_and_twitches_and_has_no_periodic_movements(seed):
    healthy, patient = Schedule(seed, "healthy"), Schedule(seed, "night")
    assert healthy.duration_s == patient.duration_s
    truth = healthy.truth(math.inf)
    n = {kind: sum(row.trial_type.startswith(kind) for row in truth) for kind in ("twitch", "position")}
    assert 10 <= n["position"] <= 40
    assert n["twitch"] > 10
    onsets = sorted(row.onset_s for row in truth if row.trial_type.startswith("LM_") and row.duration_s <= 10)
    assert onsets
    assert len(onsets) < sum(row.trial_type.startswith("LM_") for row in patient.truth(math.inf)) / 5


@pytest.mark.parametrize("profile", ["demo", "night"])
@pytest.mark.parametrize("seed", range(10))
def test_bursts_of_one_leg_keep_apart_so_that_each_has_its_own_offset(profile, seed):
    bursts = Schedule(seed, profile, 2 * HOUR_S).bursts_between(0.0, 2 * HOUR_S)
    for leg in ("left", "right"):
        mine = sorted((b for b in bursts if b.leg == leg), key=lambda b: b.start_s)
        assert all(after.start_s - before.stop_s >= 0.5 for before, after in itertools.pairwise(mine))


def test_movements_twitches_and_position_changes_have_the_lengths_that_name_them():
    for seed in range(10):
        schedule = Schedule(seed, "night")
        truth = schedule.truth(math.inf)
        assert all(r.duration_s < 0.45 for r in truth if r.trial_type.startswith("twitch"))
        assert all(r.duration_s >= 0.6 for r in truth if r.trial_type.startswith("LM_"))
        positions = rows(schedule, "position", math.inf)
        for position in positions:
            both = [
                r
                for r in truth
                if r.trial_type.startswith("LM_") and -0.001 <= r.onset_s - position.onset_s < 0.5
            ]
            assert len(both) == 2
            assert all(r.duration_s > 10.0 for r in both)


def test_what_does_not_fit_into_the_recording_whole_does_not_happen():
    whole = Schedule(2, "demo").truth(600.0)
    cut_s = next(row.onset_s + 0.3 for row in whole if row.trial_type.startswith("LM_"))
    short = Schedule(2, "demo", cut_s)
    assert all(row.onset_s + row.duration_s <= cut_s for row in short.truth(math.inf))
    assert short.bursts_between(0.0, 600.0) == []


def test_marks_come_in_the_order_in_which_a_live_scorer_knows_them():
    marks = list(itertools.islice(Schedule(5, "demo").marks(), 100))
    ends = [mark.onset_s + mark.duration_s for mark in marks]
    assert ends == sorted(ends)


def test_marker_grammar():
    texts = {marker_text(mark) for mark in Schedule(5, "demo", HOUR_S).marks()} - {""}
    words = {text.split()[0] for text in texts}
    assert words == {"W", "N1", "N2", "N3", "R", "lights_off", "hypopnea", "arousal", "position"}
    assert all(float(text.split()[1]) > 0 for text in texts if text.startswith(("hypopnea", "arousal")))


def crossings(envelope_uv, time_s, rest_uv):
    """Onsets and offsets by the rule, from the samples of an envelope."""
    found, open_s = [], None
    above, below = envelope_uv >= rest_uv + 8.0, envelope_uv <= rest_uv + 2.0
    edges = np.flatnonzero(np.diff(above.astype(int)) | np.diff(below.astype(int))) + 1
    for index in edges:
        if open_s is None and above[index]:
            open_s = time_s[index]
        elif open_s is not None and below[index]:
            found.append((open_s, time_s[index] - open_s))
            open_s = None
    return found


@pytest.mark.parametrize(("seed", "profile"), [(0, "demo"), (1, "demo"), (2, "night"), (3, "night")])
def test_truth_is_where_the_true_envelope_crosses_the_thresholds(seed, profile):
    duration_s, step_s = 1800.0, 0.001
    schedule = Schedule(seed, profile, duration_s)
    generator = SignalGenerator(schedule, 500.0)
    for index, leg in enumerate(("left", "right")):
        expected = [
            (row.onset_s, row.duration_s)
            for row in schedule.truth(duration_s)
            if row.trial_type in (f"LM_{leg}", f"twitch_{leg}")
        ]
        minutes = [np.arange(60_000) * step_s + 60.0 * minute for minute in range(30)]
        envelope = np.concatenate([generator.envelope(index, time_s) for time_s in minutes])
        found = crossings(envelope, np.concatenate(minutes), schedule.rest_uv[leg])
        assert len(found) == len(expected) > 10
        assert np.abs(np.array(found) - np.array(expected)).max() <= 2 * step_s


def test_a_burst_that_never_reaches_the_threshold_is_refused():
    with pytest.raises(ValueError, match="small"):
        Burst("left", 10.0, 1.0, peak_uv=9.0, rest_uv=2.0, end_rest_uv=2.0, rise_s=0.1, fall_s=0.2)
    with pytest.raises(ValueError, match="short"):
        Burst("left", 10.0, 0.1, peak_uv=30.0, rest_uv=2.0, end_rest_uv=2.0, rise_s=0.1, fall_s=0.5)


def test_a_burst_reaches_its_peak_and_is_zero_outside():
    burst = Burst("left", 10.0, 2.0, peak_uv=30.0, rest_uv=2.0, end_rest_uv=2.0, rise_s=0.1, fall_s=0.2)
    amplitude = burst_amplitude(burst, np.array([9.5, 11.0, 12.5]))
    assert amplitude.tolist() == [0.0, 30.0, 0.0]


@pytest.mark.parametrize(
    ("seed", "profile", "duration_s"), [(-1, "demo", None), (1, "party", None), (1, "demo", 0.0)]
)
def test_impossible_schedules_are_refused(seed, profile, duration_s):
    with pytest.raises(ValueError, match="not a valid schedule"):
        Schedule(seed, profile, duration_s)
