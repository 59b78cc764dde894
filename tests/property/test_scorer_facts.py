"""After every fact of a session, in any order, the score made again is the one of a fresh session."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.growing import ABOUT, GrowingSession
from support.sessions import movement, quality

from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.recorder.requests import RefusedError
from monitor.scoring import Epoch, Movement, Night, Scorer, score
from monitor.scoring.combined import FROM_BEGIN_US, Combined, Reading
from monitor.scoring.settled import last_settled
from monitor.scoring.verdict import NOTHING, judge
from monitor.session.state import SessionState

AASM, WASM = PROFILES.values()
RULES = (
    AASM,
    WASM,
    dataclasses.replace(WASM, short_interval="close", respiratory="ignore", gap_ends_run_s=0.0),
    dataclasses.replace(AASM, asleep_by="onset", short_interval="reopen", tib_only=False),
    dataclasses.replace(AASM, lookalikes="counted", arousal_refractory_us=40_000_000),
)
SETTLED_N = 180
LEG = {"L": ["left"], "R": ["right"]}

legs = st.sampled_from("LR")
# How long ago something was that becomes known now (s).
ago_s = st.sampled_from([0.0, 3.0, 20.0, 40.0, 75.0, 200.0, 1000.0])
moves = st.tuples(
    st.just("move"),
    legs,
    st.sampled_from([0.2, 0.6, 2.0, 4.0, 4.9, 5.0, 9.0, 12.0, 20.0, 20.0, 30.0, 91.0]),
    st.sampled_from([0.3, 0.5, 1.0, 1.5, 4.0, 10.5, 20.0]),
    st.sampled_from(["closed"] * 6 + ["tremor", "cut", "twitch", "withdrawn", "onset"]),
)
rare = st.one_of(
    st.tuples(
        st.just("stage"),
        ago_s,
        st.sampled_from(["W", "N1", "N2", "R", "unscored"]),
        st.sampled_from(["Stager", "auto", "person"]),
        st.sampled_from([30.0, 30.0, None]),
    ),
    st.tuples(
        st.just("event"),
        st.sampled_from(["respiratory", "arousal", "artifact"]),
        ago_s,
        st.integers(0, 20),
        legs,
    ),
    st.tuples(st.just("going on"), st.sampled_from(["respiratory", "arousal", "artifact"]), legs),
    st.tuples(st.just("lights"), ago_s, st.sampled_from(["off", "on"])),
    st.tuples(
        st.just("about"), st.sampled_from(["reject", "accept", "retimed", "gone"]), st.integers(0, 200)
    ),
    st.tuples(st.just("by hand"), legs, ago_s, st.sampled_from([0.8, 3.0])),
    st.tuples(st.just("undo"), st.integers(1, 12)),
    st.tuples(st.just("biocal"), st.sampled_from(["begin", "end"])),
    st.tuples(st.just("signal"), legs, st.sampled_from(["bad", "ok"])),
    st.tuples(st.just("time"), st.sampled_from([1.0, 15.0, 100.0])),
    st.tuples(st.just("segment"), ago_s),
    st.tuples(st.just("arm"), st.sampled_from([1.0, 6.0])),
)
steps = st.lists(st.one_of(moves, moves, moves, moves, rare), min_size=4, max_size=12)


def burst_list(onset_s: float, length_s: float, end: str) -> list[list[float]]:
    if end == "cut":
        # A burst after the end.
        return [[onset_s, onset_s + length_s], [onset_s + length_s + 0.3, onset_s + length_s + 0.9]]
    if end != "tremor":
        return [[onset_s, onset_s + length_s]]
    return [[onset_s + k, onset_s + k + 0.4] for k in range(6)]


class Recording:
    """A session that grows by steps; yields after each fact."""

    def __init__(self, limbs: Sequence[str] = ("left_arm",)) -> None:
        self.session = GrowingSession(Fact("session", 0.0, "recorder", ABOUT | {"limbs": limbs}))
        self.now_s, self.moved = 5.0, []

    def add(self, fact: Fact) -> Iterator[None]:
        self.session.add(fact)
        yield

    def ask(self, **request) -> Iterator[None]:
        self.session.end_s = self.now_s
        try:
            self.session.ask(**request)
        except RefusedError:
            return
        yield

    def fill(self, every_s: float, leg: str) -> None:
        """Add so many movements that most of them are settled."""
        for k in range(SETTLED_N):
            self.now_s += every_s
            own = leg if leg in "LR" else "LR"[k % 2]
            bursts = [[self.now_s, self.now_s + 1.0]]
            self.session.add(movement(f"{own}{k}", self.now_s, 1.0, bursts=bursts))
            self.moved.append((f"{own}{k}", self.now_s))
        for k in range(round(self.now_s / 30) - 2):
            data = {"stage": ("N2", "N2", "R", "W")[k % 4], "duration_s": 30.0}
            self.session.add(Fact("stage", 30.0 * k, "Stager", data))

    def step(self, kind: str, *how) -> Iterator[None]:
        yield from getattr(self, kind.replace(" ", "_"))(*how)

    def move(self, leg, gap_s, length_s, end):
        onset_s, key = self.now_s + gap_s, f"{leg}{len(self.session.facts)}"
        self.now_s = onset_s + 0.1
        yield from self.add(movement(key, onset_s, phase="onset"))
        self.moved.append((key, onset_s))
        if end == "onset":
            return
        bursts = burst_list(onset_s, length_s, end)
        end_s = bursts[-1][1] - (0.9 if end == "cut" else 0.0)
        if end in ("twitch", "withdrawn"):
            more = {"end": onset_s + 0.2, "bursts": [[onset_s, onset_s + 0.2]]}
            more = {"twitch": True, **more} if end == "twitch" else {}
            yield from self.add(movement(key, onset_s, 0.2, "withdrawn", **more))
            return
        self.now_s = end_s + 0.5
        yield from self.add(movement(key, onset_s, end_s - onset_s, bursts=bursts))

    def stage(self, before_s, name, source, duration_s):
        data = {"stage": name, "duration_s": duration_s} | ({"p_sleep": 0.7} if source == "auto" else {})
        start_s = 30.0 * ((self.now_s - before_s) // 30.0)
        yield from self.add(Fact("stage", max(0.0, start_s), source, data))

    def event(self, kind, before_s, length_s, leg):
        data = {"duration_s": float(length_s), "label": "hypopnea", "legs": LEG[leg]}
        yield from self.add(Fact(kind, max(0.0, self.now_s - before_s), "Stager", data))

    def going_on(self, kind, leg):
        data = {"duration_s": None, "label": "hypopnea", "legs": LEG[leg]}
        yield from self.add(Fact(kind, self.now_s, "Stager", data))

    def lights(self, before_s, state):
        yield from self.add(Fact("lights", max(0.0, self.now_s - before_s), "person", {"state": state}))

    def about(self, what, back):
        if not self.moved:
            return
        key, onset_s = self.moved[-1 - back % len(self.moved)]
        if what == "reject":
            yield from self.ask(do="reject", movements=[key], reason="cough")
        elif what == "accept":
            yield from self.ask(do="accept", movement=key)
        elif what == "retimed":
            yield from self.add(movement(key, onset_s + 0.3, 1.2, bursts=[[onset_s + 0.3, onset_s + 1.5]]))
        else:
            yield from self.add(movement(key, onset_s, 0.2, "withdrawn"))

    def by_hand(self, leg, before_s, length_s):
        onset_s = max(0.0, self.now_s - before_s - length_s)
        bars = [{"leg": LEG[leg][0], "onset": onset_s, "end": onset_s + length_s}]
        yield from self.ask(do="manual", movements=bars, replaces=[])

    def undo(self, back):
        personal = [fact.seq for fact in self.session.facts if fact.source.startswith("person")]
        if personal:
            yield from self.ask(do="undo", seq=personal[-1 - back % len(personal)])

    def biocal(self, state):
        yield from self.ask(do="biocal", state=state, when="during", reason="completed", t=self.now_s)

    def signal(self, leg, state):
        yield from self.add(quality(self.now_s, LEG[leg][0], state, ["flat"] if state == "bad" else []))

    def time(self, length_s):
        self.now_s += length_s
        yield

    def segment(self, before_s):
        yield from self.add(Fact("segment", max(0.0, self.now_s - before_s), "person", {"label": "CPAP"}))

    def arm(self, length_s):
        key, data = f"A{len(self.session.facts)}", {"limb": "left_arm"}
        fact = movement(key, self.now_s, length_s)
        data |= {name: value for name, value in fact.data.items() if name != "leg"}
        yield from self.add(Fact("limb", self.now_s, "detector", data))


def compare(recording: Recording, taken, all_rules) -> None:
    scorer = Scorer()
    for step in [("time", 1.0), *taken]:
        for _ in recording.step(*step):
            night = recording.session.state.night(recording.now_s)
            fresh = SessionState.of(recording.session.facts).night(recording.now_s)
            for rules in all_rules:
                assert scorer.score(night, rules) == score(fresh, rules), step


@given(
    steps,
    st.sampled_from([4.3, 9.0, 21.0]),
    st.sampled_from(["L", "R", "both"]),
    st.sampled_from(RULES),
    st.sampled_from([(), ("left_arm",)]),
)
@examples(2)
def test_after_every_fact_a_score_made_again_is_the_fresh_score(taken, every_s, leg, other, limbs) -> None:
    recording = Recording(limbs)
    recording.fill(every_s, leg)
    compare(recording, taken, {AASM, WASM, other})


def test_a_fact_about_what_is_settled_is_not_missed() -> None:
    recording = Recording()
    recording.fill(9.0, "both")
    far_s = 1000.0
    late = [
        ("about", "reject", 150),
        ("undo", 1),
        ("stage", far_s, "W", "person", 30.0),
        ("event", "respiratory", far_s, 12, "L"),
        ("event", "arousal", far_s, 4, "L"),
        ("event", "artifact", far_s, 20, "R"),
        ("by hand", "L", far_s, 3.0),
        ("about", "retimed", 120),
        ("about", "gone", 121),
        ("segment", far_s),
        ("lights", 1200.0, "off"),
        ("lights", far_s, "on"),
    ]
    moved = ("move", "L", 9.0, 1.0, "closed")
    compare(recording, [step for each in late for step in (each, moved)], [AASM, WASM])


@pytest.mark.parametrize("rules", [AASM, WASM])
@pytest.mark.parametrize("every_s", [4.3, 9.0, 21.0])
def test_a_running_series_too_is_settled_but_for_its_last_minutes(rules, every_s) -> None:
    movements = tuple(
        Movement(round(k * every_s * 1e6), round((k * every_s + 1) * 1e6), ("left", "right")[k % 2], f"{k}")
        for k in range(400)
    )
    night = Night(movements, end_us=movements[-1].end_us + 5_000_000)
    reading = Reading.of(night, None)
    combined = Combined.of(reading, rules, FROM_BEGIN_US)
    verdict = judge(combined, reading.timeline, NOTHING)[0]
    place = last_settled(combined, verdict, verdict.unsettled, night.end_us)
    assert night.end_us - combined.groups.onset_us[place] < 400_000_000


def test_a_typed_stage_that_goes_on_is_as_before_up_to_its_end_so_far() -> None:
    wake = Epoch(0, 30_000_000, "W", "person")
    length_us = (600_000_000, 610_000_000)
    before, now = (Night((), (wake, Epoch(30_000_000, us, "N2", "person")), end_us=us) for us in length_us)
    reading = Reading.of(before, None)
    assert Reading.of(now, reading).first_change_us(reading) == 600_000_000
    retyped = Night((), (wake, Epoch(30_000_000, length_us[1], "R", "person")), end_us=length_us[1])
    assert Reading.of(retyped, reading).first_change_us(reading) == 30_000_000


def test_a_movement_that_a_person_entered_is_not_new_with_each_later_one() -> None:
    first, entered, later = (
        Movement(round(s * 1e6), round(s * 1e6) + 1_000_000, "left", f"{s}") for s in (10, 30, 900)
    )
    reading = Reading.of(Night((first, entered), end_us=100_000_000), None)
    # As in a session: what was entered is the last one, and made anew.
    now = Night((first, later, dataclasses.replace(entered)), end_us=902_000_000)
    assert Reading.of(now, reading).tables.first_change_us(reading.tables) == later.onset_us
    moved = dataclasses.replace(entered, end_us=entered.end_us + 1)
    changed = Reading.of(dataclasses.replace(now, movements=(first, later, moved)), reading)
    assert changed.tables.first_change_us(reading.tables) == entered.onset_us


def test_a_burst_after_the_end_of_a_movement_that_was_cut_off_is_known_to_be_near() -> None:
    def cut_off(late_us: int) -> Night:
        bursts = ((10_000_000, 11_000_000), (11_000_000 + late_us, 11_400_000 + late_us))
        return Night((Movement(10_000_000, 11_000_000, "left", "L1", bursts=bursts),), end_us=100_000_000)

    for late_us, first_us in ((300_000, 100_000_000), (3_000_000, FROM_BEGIN_US)):
        reading = Reading.of(cut_off(late_us), None)
        now = dataclasses.replace(reading.night, end_us=200_000_000)
        assert Reading.of(now, reading).first_change_us(reading) == first_us
