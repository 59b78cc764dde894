"""The fold: bit by bit or at once, early or late, right away or corrected, the same facts give one night."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.scoring import score
from monitor.session.state import SessionState

END_S = 3600.0
SESSION = Fact("session", 0.0, "recorder", {"bed": "b", "legs": ["left", "right"], "main_profile": "aasm3"})


def movement(at_s, duration_s, leg, number):
    """Give the life of one movement: flagged, confirmed, closed."""
    base = {"leg": leg, "id": f"{leg[0]}{number}", "onset": at_s, "resting_uv": 2.0}
    yield at_s + 0.1, Fact("movement", at_s, "detector", base | {"phase": "onset", "known": at_s + 0.1})
    yield (
        at_s + 0.6,
        Fact("movement", at_s + 0.5, "detector", base | {"phase": "confirmed", "known": at_s + 0.6}),
    )
    ended = {"phase": "closed", "known": at_s + duration_s + 0.5, "end": at_s + duration_s, "peak_uv": 30.0}
    yield at_s + duration_s + 0.5, Fact("movement", at_s + duration_s, "detector", base | ended)


def stage(epoch, name, source="Stager"):
    return Fact("stage", 30.0 * epoch, source, {"stage": name, "duration_s": 30.0})


def said(kind, at_s, source="Stager", **data):
    return Fact(kind, round(at_s, 6), source, data)


STAGES = st.sampled_from(["W", "N1", "N2", "N3", "R", "unscored"])
SOURCES = st.sampled_from(["Stager", "person", "auto"])
TIMES = st.integers(0, 3500).map(float)


@st.composite
def nights(draw):
    """Draw (time at which it became known, fact) pairs, in that order, not numbered."""
    timed = []
    legs_free_at = {"left": 5.0, "right": 5.0}
    for number in range(draw(st.integers(0, 25))):
        leg = draw(st.sampled_from(["left", "right"]))
        at_s = legs_free_at[leg] + draw(st.sampled_from([1.0, 5.0, 9.9, 12.0, 20.0, 30.0, 91.0]))
        duration_s = draw(st.sampled_from([0.5, 1.0, 3.0, 10.0, 12.0]))
        legs_free_at[leg] = at_s + duration_s + 1.0
        timed += list(movement(at_s, duration_s, leg, number))
    for epoch in sorted(draw(st.sets(st.integers(0, 100), max_size=30))):
        timed.append((30.0 * epoch + 30, stage(epoch, draw(STAGES))))
    for at_s in draw(st.lists(TIMES, max_size=4)):
        timed.append((at_s + 20, said("respiratory", at_s, label="hypopnea", duration_s=12.0)))
    for at_s in draw(st.lists(TIMES, max_size=4)):
        timed.append((at_s + 6, said("arousal", at_s, duration_s=4.0)))
    for at_s in draw(st.lists(TIMES, max_size=2)):
        data = {"legs": ["left"], "end": at_s + 15, "cause": "samples missing", "resets": True}
        timed.append((at_s + 15, said("gap", at_s, "detector", **data)))
    if draw(st.booleans()):
        timed.append((60.0, said("lights", 60.0, state="off")))
    return sorted(timed, key=lambda pair: pair[0])


def numbered(facts):
    return [dataclasses.replace(fact, seq=seq) for seq, fact in enumerate(facts)]


def scored(facts):
    """Score what these facts say; everything a screen or a table shows of it."""
    night = SessionState.of(numbered(facts)).night(END_S)
    return {name: score(night, profile) for name, profile in PROFILES.items()}


@examples(40)
@given(nights(), st.integers(1, 9))
def test_folding_on_is_folding_at_once(timed, look_every):
    facts = numbered([SESSION, *(fact for _, fact in timed)])
    growing = SessionState()
    for n, fact in enumerate(facts, start=1):
        growing.apply(fact)
        if n % look_every == 0:
            # Looking must not change what is seen later.
            assert growing.night(END_S) == SessionState.of(facts[:n]).night(END_S)
    assert growing.night(END_S) == SessionState.of(facts).night(END_S)


@examples(40)
@given(nights(), st.randoms(use_true_random=False))
def test_what_comes_late_counts_as_if_it_had_come_in_time(timed, chance):
    """Stages, breathing and arousals arrive up to twenty minutes late and in any order."""
    late = [
        (
            known_s + (chance.uniform(0, 1200) if fact.kind in ("stage", "respiratory", "arousal") else 0.0),
            fact,
        )
        for known_s, fact in timed
    ]
    late.sort(key=lambda pair: pair[0])
    assert scored([SESSION, *(f for _, f in timed)]) == scored([SESSION, *(f for _, f in late)])


@examples(40)
@given(nights(), st.data())
def test_a_correction_is_as_if_the_wrong_had_never_been_said(timed, data):
    right = [SESSION, *(fact for _, fact in timed)]
    kinds = ("stage", "respiratory", "arousal", "lights", "gap")
    places = [i for i, fact in enumerate(right) if fact.kind in kinds]
    if not places:
        return
    at = data.draw(st.sampled_from(places))
    fact = right[at]
    wrongs = {
        "stage": {"stage": data.draw(STAGES)},
        "lights": {"state": "on"},
        "gap": {"end": None},
    }
    wrong = dataclasses.replace(
        fact,
        t=fact.t + data.draw(st.sampled_from([0.0, 300.0])),
        data={**fact.data, **wrongs.get(fact.kind, {})},
    )
    corrected = [*right[:at], wrong, *right[at + 1 :], dataclasses.replace(fact, supersedes=at)]
    assert scored(corrected) == scored(right)


@examples(25)
@given(nights(), st.data())
def test_what_a_person_takes_back_is_gone(timed, data):
    right = [SESSION, *(fact for _, fact in timed)]
    extra = data.draw(st.sampled_from([stage(3, "W", "person"), said("lights", 30.0, "person", state="off")]))
    at = len(right)
    taken_back = [*right, extra, Fact("withdrawn", extra.t, "person", {"what": extra.kind}, supersedes=at)]
    assert scored(taken_back) == scored(right)
