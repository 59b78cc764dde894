"""When facts arrive makes no difference: late stages and events change the score back in time.

Facts come in chains. Inside a chain the order is fixed: a movement is flagged before it closes, a correction
comes after what it corrects, a source that scores an epoch again means the later. Chains mix freely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from hypothesis import Phase, given
from hypothesis import strategies as st
from support.examples import examples

from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.scoring import Score, Scorer, score
from monitor.session.state import SessionState

# Making a failing night small takes minutes, longer than a test may: add Phase.shrink to look into one.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
END_S = 600
SESSION = Fact("session", 0.0, "recorder", {"legs": ["left", "right"]})
STOP = Fact("stop", float(END_S), "recorder", {"reason": "end"})


class RecorderClient(NamedTuple):
    """One fact of a chain; ``corrects`` says whether it names the one before it in the chain."""

    fact: Fact
    corrects: bool = False


def seconds(longest: float = END_S) -> st.SearchStrategy[float]:
    """Give times on a grid, so that boundaries of the rules are met exactly now and then."""
    return st.integers(0, round(longest * 4)).map(lambda n: n / 4)


LEGS = st.sampled_from([["left"], ["right"], ["left", "right"]])
SPANS = {"respiratory": {"label": "hypopnea"}, "arousal": {}, "artifact": {}}


@st.composite
def movements(draw: st.DrawFn) -> list[list[RecorderClient]]:
    """Give movements of both legs, not overlapping on a leg, each flagged, confirmed and closed."""
    chains = []
    for leg in ("left", "right"):
        t = 0.0
        for number in range(draw(st.integers(0, 8))):
            t += draw(st.sampled_from([5.0, 10.0, 20.0, 25.5, 90.0, 0.75]))
            end = t + draw(st.sampled_from([0.25, 0.5, 2.0, 10.0, 10.25]))
            about = {"leg": leg, "id": f"{leg[0].upper()}{number}", "onset": t}
            last = {"phase": "closed", "end": end, "known": end + 0.5, "peak_uv": 20.0, "morphology": True}
            if draw(st.integers(0, 9)) == 0:
                last = {"phase": "withdrawn", "known": end}
            phases = [{"phase": "onset", "known": t}, {"phase": "confirmed", "known": t + 0.5}, last]
            chains.append(
                [RecorderClient(Fact("movement", t, "detector", about | phase)) for phase in phases]
            )
            t = end
    return chains


@st.composite
def span(draw: st.DrawFn) -> list[RecorderClient]:
    """Give an event that is open at first, perhaps ended, moved or taken back."""
    kind = draw(st.sampled_from(sorted(SPANS)))
    data = dict(SPANS[kind]) | ({"legs": draw(LEGS)} if kind == "artifact" and draw(st.booleans()) else {})
    durations = draw(st.lists(st.none() | seconds(40), min_size=1, max_size=3))
    links = [
        RecorderClient(Fact(kind, draw(seconds()), "scorer", data | {"duration_s": duration}), corrects=i > 0)
        for i, duration in enumerate(durations)
    ]
    if draw(st.integers(0, 4)) == 0:
        links.append(RecorderClient(Fact("withdrawn", None, "person", {"what": kind}), corrects=True))
    return links


@st.composite
def gap(draw: st.DrawFn) -> list[RecorderClient]:
    start, length = draw(seconds()), draw(st.sampled_from([0.25, 0.5, 9.75, 10.0, 60.0]))
    data = {"legs": draw(LEGS), "end": None, "cause": "lost", "resets": length >= 0.5}
    whole = RecorderClient(Fact("gap", start, "detector", data | {"end": start + length}), corrects=True)
    return [RecorderClient(Fact("gap", start, "detector", data)), whole]


@st.composite
def stages(draw: st.DrawFn) -> list[list[RecorderClient]]:
    """Give the epochs of three scorers, each on a grid of its own that wanders, some scored again.

    The person may also type stages that hold until the next. Not both: of two stages that one source lets
    overlap without beginning together the later told is right, and that is a matter of order.
    """
    names = st.sampled_from(["W", "N1", "N2", "N3", "R", "unscored"])
    chains = []
    types = draw(st.booleans())
    for source, shift in (("person", 0.0), ("stager", 7.5), ("auto", 2.25)):
        for epoch in draw(st.lists(st.integers(0, 19), unique=True, max_size=10)):
            is_typed = types and source == "person"
            start = 30 * epoch + shift + draw(st.integers(0, 300)) / 1000
            data = {"duration_s": None if is_typed else 30.0}
            again = draw(st.lists(names, min_size=1, max_size=2))
            chains.append(
                [RecorderClient(Fact("stage", start, source, data | {"stage": name})) for name in again]
            )
    return chains


@st.composite
def lights(draw: st.DrawFn) -> list[RecorderClient]:
    states = st.sampled_from(["off", "on"])
    links = [RecorderClient(Fact("lights", draw(seconds()), "person", {"state": draw(states)}))]
    if draw(st.booleans()):
        links.append(
            RecorderClient(Fact("lights", draw(seconds()), "person", {"state": draw(states)}), corrects=True)
        )
    return links


@st.composite
def qualities(draw: st.DrawFn) -> list[list[RecorderClient]]:
    chains = []
    for leg in ("left", "right"):
        for t in draw(st.lists(seconds(), unique=True, max_size=4)):
            state = draw(st.sampled_from(["ok", "warn", "bad", "learning"]))
            data = {"leg": leg, "state": state, "causes": []}
            chains.append([RecorderClient(Fact("quality", t, "detector", data))])
    return chains


@st.composite
def chains(draw: st.DrawFn) -> list[list[RecorderClient]]:
    return [
        *draw(movements()),
        *draw(stages()),
        *draw(qualities()),
        *draw(st.lists(span(), max_size=6)),
        *draw(st.lists(gap(), max_size=3)),
        *draw(st.lists(lights(), max_size=3)),
    ]


def arrived(facts: Sequence[Sequence[RecorderClient]], order: Sequence[int]) -> list[Fact]:
    """Let the next fact of the chain named arrive, one after another, and number them as a journal does."""
    journal = [replace(SESSION, seq=0)]
    taken, last_seq = [0] * len(facts), [0] * len(facts)
    for chain in order:
        link = facts[chain][taken[chain]]
        supersedes = last_seq[chain] if link.corrects else None
        last_seq[chain] = len(journal)
        journal.append(replace(link.fact, seq=len(journal), supersedes=supersedes))
        taken[chain] += 1
    return journal


def scores(state: SessionState, now_s: float | None = None, scorer: Scorer | None = None) -> list[Score]:
    night = state.night(now_s)
    return [(scorer.score if scorer else score)(night, profile) for profile in PROFILES.values()]


@examples(40, phases=PHASES)
@given(facts=chains(), data=st.data())
def test_the_order_of_arrival_does_not_matter(facts: list[list[RecorderClient]], data: st.DataObject) -> None:
    in_turn = [chain for chain, links in enumerate(facts) for _ in links]
    mixed = data.draw(st.permutations(in_turn))
    one, other = arrived(facts, in_turn), arrived(facts, mixed)
    assert scores(SessionState.of(other)) == scores(SessionState.of(one))
    for journal in (one, other):
        journal.append(replace(STOP, seq=len(journal)))
    assert scores(SessionState.of(other)) == scores(SessionState.of(one))


@examples(4, phases=PHASES)
@given(facts=chains(), data=st.data())
def test_a_night_folded_fact_by_fact_is_the_night_folded_at_once(facts, data: st.DataObject) -> None:
    order = data.draw(st.permutations([chain for chain, links in enumerate(facts) for _ in links]))
    journal = arrived(facts, order)
    state, scorer = SessionState(), Scorer()
    for n, fact in enumerate(journal, start=1):
        state.apply(fact)
        whole = SessionState.of(journal[:n])
        assert state.night() == whole.night()
        assert scores(state, scorer=scorer) == scores(whole)
        now_s = state.last_s / 2
        assert scores(state, now_s) == scores(whole, now_s)
