"""The fold, case by case: what late facts, corrections, gaps and quality make of a night."""

import dataclasses

import pytest

from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.scoring import score
from monitor.session.movement_parts import to_us
from monitor.session.state import SessionState

SESSION = Fact("session", 0.0, "recorder", {"bed": "b", "legs": ["left", "right"], "main_profile": "aasm3"})
END_S = 3600.0


def numbered(facts):
    return [dataclasses.replace(fact, seq=seq) for seq, fact in enumerate(facts)]


def fold(*facts):
    return SessionState.of(numbered([SESSION, *facts]))


def closed(onset_s, number, leg="left", duration_s=1.0):
    data = {
        "leg": leg,
        "id": f"{leg[0]}{number}",
        "phase": "closed",
        "onset": onset_s,
        "end": onset_s + duration_s,
    }
    return Fact("movement", onset_s + duration_s, "detector", data | {"known": onset_s + duration_s + 0.5})


def quality(t_s, state, leg="left", causes=()):
    return Fact("quality", t_s, "detector", {"leg": leg, "state": state, "causes": list(causes)})


def gap(t_s, end_s, legs=("left", "right"), resets=True):
    data = {"legs": list(legs), "end": end_s, "cause": "samples missing", "resets": resets}
    return Fact("gap", t_s, "detector", data)


def stage(t_s, name):
    return Fact("stage", t_s, "Stager", {"stage": name, "duration_s": 30.0})


def usable(state, leg, end_s=END_S):
    return [(s.start_us / 1e6, s.end_us / 1e6, s.label) for s in state.night(end_s).unusable[leg]]


def test_a_stage_twenty_minutes_late_changes_the_index_as_if_it_had_been_there():
    series = [closed(600.0 + 20 * i, i) for i in range(10)]
    sleep = [stage(30.0 * i, "N2") for i in range(120)]
    wake = stage(660.0, "W")
    without = fold(*series, *sleep)
    late = fold(*series, *sleep, wake)
    in_time = fold(*series, *sleep[:22], wake, *sleep[23:])
    for name, profile in PROFILES.items():
        before, after = (score(s.night(END_S), profile).indices for s in (without, late))
        assert before.plms_index == pytest.approx(10.0)
        assert after.plms_index < before.plms_index, name
        assert after == score(in_time.night(END_S), profile).indices


def test_a_movement_is_the_last_that_was_said_of_it():
    flag = Fact(
        "movement",
        10.0,
        "detector",
        {"leg": "left", "id": "L1", "phase": "onset", "onset": 10.0, "known": 10.1},
    )
    state = fold(flag)
    assert [m.is_open for m in state.night(20.0).movements] == [True]
    assert [f.data["id"] for f in state.open_movements()] == ["L1"]
    withdrawn = dataclasses.replace(flag, data={**flag.data, "phase": "withdrawn"})
    assert fold(flag, withdrawn).night(20.0).movements == ()
    ended = dataclasses.replace(flag, data={**flag.data, "phase": "closed", "end": 12.0})
    (movement,) = fold(flag, ended).night(20.0).movements
    assert (movement.onset_us, movement.end_us, movement.is_open) == (10_000_000, 12_000_000, False)


def test_unusable_is_gaps_bad_and_learning_and_no_channel():
    state = fold(
        quality(0.0, "learning"),
        quality(5.0, "ok"),
        gap(100.0, 110.0, ["left"]),
        gap(200.0, 200.3, ["left"], resets=False),
        quality(300.0, "bad", causes=["flat"]),
        quality(400.0, "warn", causes=["mains"]),
        quality(3500.0, "bad", causes=["too coarse"]),
    )
    assert sorted(usable(state, "left")) == [
        (0.0, 5.0, "learning"),
        (100.0, 110.0, "samples missing"),
        (300.0, 400.0, "flat"),
        (3500.0, END_S, "too coarse"),
    ]
    one_leg = SessionState.of(numbered([Fact("session", 0.0, "r", {"legs": ["left"]})]))
    assert usable(one_leg, "right") == [(0.0, END_S, "no channel")]
    assert one_leg.leg_state("right") == "absent"


def test_an_open_gap_reaches_to_now_until_its_end_is_known():
    state = fold(quality(0.0, "ok"), gap(50.0, None))
    assert state.leg_state("left") == "lost"
    assert usable(state, "left", 80.0) == [(50.0, 80.0, "samples missing")]
    state.apply(dataclasses.replace(gap(50.0, 70.0), supersedes=2, seq=3))
    assert state.leg_state("left") == "ok"
    assert usable(state, "left", 80.0) == [(50.0, 70.0, "samples missing")]


def test_open_spans_reach_to_now():
    data = {"label": "hypopnea", "duration_s": None}
    night = fold(Fact("respiratory", 10.0, "S", data)).night(40.0)
    assert [(s.start_us, s.end_us) for s in night.respiratory] == [(10_000_000, 40_000_000)]


@pytest.mark.parametrize("turned", [False, True])
def test_the_first_lights_off_and_the_last_on_count_however_they_came(turned):
    lights = [
        Fact("lights", t, "person", {"state": s})
        for t, s in [(60, "off"), (900, "on"), (960, "off"), (3000, "on")]
    ]
    night = fold(*(lights[::-1] if turned else lights)).night(END_S)
    assert (night.lights_off_us, night.lights_on_us) == (60_000_000, 3_000_000_000)


def test_an_artifact_spoils_the_legs_it_names_or_both():
    named = Fact("artifact", 10.0, "S", {"duration_s": 5.0, "legs": ["left"]})
    both = Fact("artifact", 20.0, "S", {"duration_s": 5.0})
    assert [a.legs for a in fold(named, both).night(END_S).artifacts] == [{"left"}, {"left", "right"}]


def test_revision_grows_only_with_what_can_change_a_score():
    state = fold(stage(0.0, "N2"))
    before = state.revision
    for seq, kind in enumerate(("note", "clock", "offset"), start=2):
        data = {"recorded_s": 7.0} if kind == "clock" else {}
        state.apply(Fact(kind, 5.0, "x", data, seq=seq))
    assert state.revision == before
    assert state.last_s == 7.0
    state.apply(Fact("withdrawn", 0.0, "person", {"what": "stage"}, supersedes=1, seq=5))
    assert state.revision > before
    assert state.night(60.0).epochs == ()


def test_a_fact_without_a_number_cannot_be_folded():
    with pytest.raises(ValueError, match="journal"):
        SessionState().apply(SESSION)


def test_seconds_are_rounded_to_whole_microseconds():
    assert [to_us(s) for s in (0.1 + 0.2, 89.9999996, -1e-7)] == [300_000, 90_000_000, 0]


def twitch(onset_s, number):
    data = {"leg": "left", "id": f"L{number}", "phase": "withdrawn", "twitch": True, "onset": onset_s}
    return Fact("movement", onset_s, "detector", data | {"end": onset_s + 0.3, "known": onset_s + 0.6})


def test_a_twitch_is_a_hypnic_jerk_as_soon_as_the_stages_say_that_sleep_began_there():
    facts = [twitch(125.0, 1), twitch(400.0, 2), closed(128.0, 3), *(stage(30.0 * i, "W") for i in range(4))]
    late = [stage(120.0 + 30.0 * i, "N1") for i in range(20)]

    def jerks(*told):
        found = score(fold(*told).night(END_S), PROFILES["aasm3"])
        assert len(found.twitches) == 2
        return [one.keys for one in found.twitches if one.hypnic_jerk]

    assert jerks(*facts) == []
    assert jerks(*facts, *late) == jerks(*late, *facts) == [("L1",)]
    corrected = stage(90.0, "N1")  # asleep earlier: not near the passage any more
    assert jerks(*facts, *late, corrected, stage(60.0, "N1")) == []
    assert fold(*facts).night(END_S).movements == fold(closed(128.0, 3)).night(END_S).movements


def not_scored(fact, limb="left_arm"):
    """Return what detection writes of the same on a limb that is not scored."""
    if fact.kind == "gap":
        return dataclasses.replace(fact, data=fact.data | {"legs": [], "limbs": [limb]})
    data = {key: value for key, value in fact.data.items() if key != "leg"} | {"limb": limb}
    if "id" in data:
        data["id"] = f"{limb}-{data['id'][1:]}"
    kind = {"movement": "limb", "quality": "limb_quality"}[fact.kind]
    return dataclasses.replace(fact, kind=kind, data=data)


def test_a_limb_that_is_not_scored_is_folded_as_a_leg_and_is_in_no_score():
    facts = [quality(0.0, "learning"), quality(20.0, "ok"), closed(100.0, 7), gap(500.0, 600.0, ["left"])]
    facts += [quality(700.0, "bad", causes=["flat"]), closed(800.0, 12)]
    flagged = dataclasses.replace(closed(900.0, 13), data=closed(900.0, 13).data | {"phase": "onset"})
    legs = fold(*facts, flagged)
    session = dataclasses.replace(SESSION, data=SESSION.data | {"limbs": ["left_arm"]})
    arms = SessionState.of(numbered([session, *map(not_scored, [*facts, flagged])]))
    end_us = to_us(1000.0)
    assert arms.unusable("left_arm", end_us) == legs.unusable("left", end_us) != ()
    assert arms.unusable("right_arm", end_us) == fold().unusable("tail", end_us)
    assert arms.movement_numbers() == {"left_arm": 13}
    assert legs.movement_numbers() == {"left": 13}
    assert [fact.data["id"] for fact in arms.open_movements()] == ["left_arm-13"]
    assert [fact.data["id"] for fact in arms.limb_movements()] == ["left_arm-7", "left_arm-12", "left_arm-13"]
    assert (arms.movements(), arms.night(1000.0).movements, legs.limb_movements()) == ([], (), [])
    # Legs first, as they are closed after a crash, whichever moved first.
    both = SessionState.of(numbered([session, not_scored(flagged), flagged]))
    assert [fact.data["id"] for fact in both.open_movements()] == ["left_arm-13", "l13"][::-1]
