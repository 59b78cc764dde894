"""The score of a recording that goes on: made in parts, of the same facts, then of later ones."""

import itertools
from dataclasses import replace

import pytest
from support.sessions import beginning, movement

from monitor.model.rules import PROFILES
from monitor.recorder.fault_isolation import FaultIsolation
from monitor.recorder.running_score import RunningScore
from monitor.scoring import score
from monitor.session.state import SessionState


class Sent:
    """Outlets that remember what was published."""

    def __init__(self):
        self.changes = []

    def series(self, changes):
        self.changes += changes

    def lookalikes(self, markers):
        self.changes += markers


class Recording:
    """A recording whose facts come one by one, and its score."""

    def __init__(self):
        self.sent, self.failures, self._seq = Sent(), [], itertools.count()
        self.state = SessionState()
        faults = FaultIsolation(lambda what, reason: self.failures.append((what, reason)))
        self.score = RunningScore(PROFILES, "aasm3", self.sent, faults)
        self.add(*beginning())

    def add(self, *facts):
        for fact in facts:
            self.state.apply(replace(fact, seq=next(self._seq)))
            self.score.take(fact, self.state.revision)

    def turn(self, now_s):
        self.score.begin(self.state, now_s, now_s)
        self.score.advance()

    def finish_score(self, now_s):
        while self.score.is_unfinished:
            self.turn(now_s)

    def expected(self, now_s):
        return {name: score(self.state.night(now_s), profile) for name, profile in PROFILES.items()}


@pytest.fixture
def recording():
    """A recording with a first score, of which nothing is left."""
    made = Recording()
    made.add(movement("L0", 10.0, 1.0))
    made.turn(20.0)
    assert not made.score.is_unfinished
    return made


def test_the_first_score_is_made_at_once(recording):
    assert recording.score.scores == recording.expected(20.0)


def test_each_turn_does_a_part_and_the_last_one_publishes_all(recording):
    before = recording.score.scores
    recording.add(*(movement(f"L{k}", 10.0 + 20 * k, 1.0) for k in range(1, 5)))
    recording.turn(100.0)
    turns_n = 1
    while recording.score.is_unfinished:
        assert recording.score.scores is before
        assert not recording.sent.changes
        recording.turn(100.0)
        turns_n += 1
    # What is combined, how it is judged, and the rows; those of one rule set with what the next combines.
    assert turns_n == 1 + 2 * len(PROFILES)
    assert recording.score.scores == recording.expected(100.0)
    assert [change.what for change in recording.sent.changes] == ["start"]


@pytest.mark.parametrize("after_n", range(1, 5))
def test_a_fact_between_two_parts_is_for_the_next_score(recording, after_n):
    recording.add(movement("L1", 30.0, 1.0))
    for _ in range(after_n):
        recording.turn(40.0)
    expected = recording.expected(40.0)
    recording.add(movement("L2", 50.0, 1.0))
    recording.finish_score(55.0)
    # The first turn knew neither the fact nor its time.
    assert recording.score.scores == expected
    assert recording.score.is_asked
    assert not recording.score.is_current
    recording.turn(55.0)
    recording.finish_score(55.0)
    assert recording.score.scores == recording.expected(55.0)
    assert recording.score.is_current


@pytest.mark.parametrize("after_n", range(1, 5))
def test_what_is_begun_gives_way_to_the_score_at_the_end(recording, after_n):
    recording.add(movement("L1", 30.0, 1.0))
    for _ in range(after_n):
        recording.turn(40.0)
    recording.add(movement("L2", 50.0, 1.0))
    recording.score.complete(recording.state, 60.0, 60.0)
    assert not recording.score.is_unfinished
    assert recording.score.scores == recording.expected(60.0)


def test_what_cannot_be_sent_costs_no_number(recording, monkeypatch):
    monkeypatch.setattr(recording.sent, "series", lambda _: 1 / 0)
    recording.add(movement("L1", 30.0, 1.0))
    recording.turn(40.0)
    recording.finish_score(40.0)
    assert recording.score.scores == recording.expected(40.0)
    assert [what for what, _ in recording.failures] == ["sending what the score changed"]


def test_a_score_that_fails_is_told_and_made_again_a_second_later(recording, monkeypatch):
    recording.add(movement("L1", 30.0, 1.0))
    with monkeypatch.context() as patch:
        patch.setattr("monitor.scoring.scorer.segments", lambda *_: 1 / 0)
        recording.turn(40.0)
        recording.finish_score(40.0)
    # The score before it lacks the movement.
    assert recording.score.scores == {}
    assert recording.sent.changes == []
    assert [what for what, _ in recording.failures] == ["scoring"]
    recording.turn(40.5)
    assert not recording.score.is_unfinished
    recording.turn(41.5)
    recording.finish_score(41.5)
    assert recording.score.scores == recording.expected(41.5)
