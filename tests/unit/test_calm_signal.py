"""A calm signal is detected in larger pieces; whatever may be a movement at once."""

from collections import deque

import numpy as np
import pytest
import pyxdf
from hypothesis import given
from hypothesis import strategies as st
from support.recorder_runs import LEG, RATE_HZ, Run

from dsp import DetectorSettings
from monitor.detection.pipeline import StreamDetection
from monitor.lsl.calm_signal import CalmSignal
from monitor.session.folder import SessionFolder

PIECE_N = 10
PIECE_S = PIECE_N / RATE_HZ
MOST_N = 100


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(3).standard_normal((round(60 * RATE_HZ), 1))


def piece(values, k, after=""):
    n = np.arange(k * PIECE_N, (k + 1) * PIECE_N)
    return values[n].astype(np.float32), 100.0 + n / RATE_HZ, after


@pytest.fixture
def learned(noise):
    """Return a detection that knows the resting level of the noise."""
    stream = StreamDetection(RATE_HZ, [LEG], DetectorSettings())
    stream.start(0.0)
    stream.process(2 * noise, np.arange(len(noise)) / RATE_HZ)
    return stream


class Collected:
    """What a collector handed on, and its clock in our hands; each piece is processed at once."""

    def __init__(self, limits=()):
        self.now_s, self.found, self._limits = 7.0, [], limits
        self.recorded, self.has_room = [], True
        self.calm = CalmSignal(1, self.hand_on, lambda: self.now_s)

    def hand_on(self, piece):
        self.found.append(piece)
        self.allow(piece)

    def allow(self, after):
        if self._limits:
            after.let_wait(after, self._are_calm, self._record, MOST_N)

    def _are_calm(self, values):
        return all(limit.holds(values) for limit in self._limits)

    def _record(self, values, stamps):
        if self.has_room:
            self.recorded.append((values, stamps))
        return self.has_room

    def take(self, *pieces):
        """Give pieces; return how many samples each of those has that are handed on for them."""
        before_n = len(self.found)
        for each in pieces:
            self.calm.take(*each)
        return [len(each.stamps) for each in self.found[before_n:]]


@pytest.fixture
def collected(noise, learned):
    """Return a collector that has handed on a first piece, of a detector that knows the resting level."""
    collector = Collected(learned.calm_limits(noise[:PIECE_N]))
    assert collector.take(piece(noise, 0)) == [PIECE_N]
    return collector


def test_calm_pieces_come_out_together_in_order(noise, collected):
    collected.take(*(piece(noise, k) for k in range(1, 41)))
    found = collected.found
    assert [each.piece_n for each in found] == [0] + [PIECE_N] * 4
    assert all(len(each.stamps) == MOST_N for each in found[1:])
    whole = np.concatenate([each.values for each in found])
    assert np.array_equal(whole, noise[: 41 * PIECE_N].astype(np.float32))
    assert (np.diff(np.concatenate([each.stamps for each in found])) > 0).all()


@pytest.mark.parametrize("n_loud", [2, PIECE_N])
def test_a_piece_with_activity_is_handed_on_at_once_with_what_waited(noise, collected, n_loud):
    loud = noise.copy()
    loud[3 * PIECE_N - n_loud : 3 * PIECE_N] += 30 * (-1) ** np.arange(n_loud)[:, np.newaxis]
    assert collected.take(piece(loud, 1)) == []
    assert collected.take(piece(loud, 2)) == [2 * PIECE_N]


@pytest.mark.parametrize("odd", [np.nan, np.inf, 1e200, -1e308])
def test_an_impossible_number_is_not_calm(noise, learned, odd):
    values = noise[:PIECE_N].copy()
    assert all(limit.holds(values) for limit in learned.calm_limits(noise[:PIECE_N]))
    assert all(limit.holds(values + 5000.0) for limit in learned.calm_limits(noise[:PIECE_N]))
    values[3] = odd
    with np.errstate(all="ignore"):
        assert not any(limit.holds(values) for limit in learned.calm_limits(noise[:PIECE_N]))


def test_nothing_may_wait_until_a_movement_is_confirmed(noise, learned):
    burst = 30 * noise[: round(0.4 * RATE_HZ)]
    learned.process(burst, 60.0 + np.arange(len(burst)) / RATE_HZ)
    assert learned.calm_limits(noise[:PIECE_N]) == ()


def test_an_open_movement_may_wait_for_as_long_as_it_cannot_end(noise, learned):
    until_s = 60.0

    def process(gain, seconds):
        nonlocal until_s
        values = gain * noise[: round(seconds * RATE_HZ)]
        facts = learned.process(values, until_s + np.arange(len(values)) / RATE_HZ)
        until_s += seconds
        return [fact.data["phase"] for fact in facts if fact.kind == "movement"]

    assert process(30, 1.0) == ["onset", "confirmed"]
    (limit,) = learned.calm_limits(noise[:PIECE_N])
    assert limit.most_n == round(0.5 * RATE_HZ)
    assert limit.holds(30 * noise[:PIECE_N])
    assert not limit.holds(np.full((PIECE_N, 1), np.nan))
    assert process(2, 0.5) == []
    (limit,) = learned.calm_limits(noise[:PIECE_N])
    assert 0 < limit.most_n < round(0.5 * RATE_HZ)
    assert process(2, (limit.most_n - 1) / RATE_HZ) == []
    assert process(2, 1 / RATE_HZ) == ["closed"]


BURSTS = st.tuples(st.floats(0.05, 3.0), st.floats(0.1, 3.0), st.floats(3.0, 60.0))


# At least 50 ms of signal are collected.
@given(st.lists(BURSTS, min_size=1, max_size=6), st.integers(10, 40))
def test_no_step_of_a_movement_waits(noise, bursts, piece_n):
    """Whatever the movements are: with the last sample that decides a step its piece is handed on."""
    level, at = np.full(len(noise), 2.0), round(20 * RATE_HZ)
    for length_s, pause_s, gain in bursts:
        level[at : at + round(length_s * RATE_HZ)] = gain
        at += round((length_s + pause_s) * RATE_HZ)
    values = level[:, np.newaxis] * noise
    stream = StreamDetection(RATE_HZ, [LEG], DetectorSettings())
    stream.start(0.0)
    handed_n, late = [], []

    def hand_on(chunk):
        facts = stream.process(chunk.values.astype(np.float64), chunk.stamps)
        handed_n.append(len(chunk.stamps))
        reached_s = float(chunk.stamps[-1])
        late.extend(
            (fact.data["phase"], reached_s - fact.data["known"])
            for fact in facts
            if fact.kind == "movement" and fact.data["phase"] != "withdrawn"
            # What ends at a new resting level ended long ago.
            if fact.data["phase"] != "closed" or fact.data["known"] - fact.data["end"] < 1.0
        )
        if limits := stream.calm_limits(chunk.values):
            most_n = min(MOST_N, *(limit.most_n for limit in limits))
            chunk.let_wait(
                chunk, lambda x: all(limit.holds(x) for limit in limits), lambda x, stamps: True, most_n
            )

    calm = CalmSignal(1, hand_on, lambda: 0.0)
    for first in range(0, at + round(2 * RATE_HZ), piece_n):
        piece_values = values[first : first + piece_n]
        calm.take(piece_values, (first + np.arange(len(piece_values))) / RATE_HZ)
    assert max(handed_n) > piece_n or piece_n >= MOST_N
    assert [each for each in late if each[1] > (piece_n - 1) / RATE_HZ + 1e-5] == []


def test_nothing_may_wait_while_the_resting_level_is_learned(noise):
    stream = StreamDetection(RATE_HZ, [LEG], DetectorSettings())
    stream.start(0.0)
    assert stream.calm_limits(noise[:PIECE_N]) == ()


def test_nothing_waits_unless_it_was_allowed_or_after_a_break(noise, collected):
    assert Collected().take(piece(noise, 0), piece(noise, 1)) == [PIECE_N, PIECE_N]
    assert collected.take(piece(noise, 1, after="broken")) == [PIECE_N]


def test_why_samples_are_missing_is_said_of_those_behind_them(noise, collected):
    collected.take(piece(noise, 1), piece(noise, 3, after="broken"))
    assert [(len(each.stamps), each.after) for each in collected.found[1:]] == [
        (PIECE_N, ""),
        (PIECE_N, "broken"),
    ]


def test_what_was_allowed_for_an_earlier_piece_counts_no_more(noise, learned):
    collector = Collected()
    collector.take(piece(noise, 0), piece(noise, 1))
    first = collector.found[0]
    first.let_wait(first, lambda values: True, lambda values, stamps: True, MOST_N)
    assert collector.take(piece(noise, 2)) == [PIECE_N]
    # And for the newest one not after all was asked for.
    newest = collector.found[-1]
    newest.let_wait(newest, lambda values: True, lambda values, stamps: True, MOST_N)
    collector.calm.rest()
    assert collector.take(piece(noise, 3)) == [PIECE_N]


def test_a_piece_that_no_other_follows_waits_for_a_limited_time(noise, collected):
    assert collected.take(piece(noise, 1)) == []
    for now_s, expected_n in ((7.6, 1), (7.66, 2), (9.0, 2)):
        collected.now_s = now_s
        collected.calm.look()
        assert len(collected.found) == expected_n
    assert collected.found[-1].waited_s == pytest.approx(0.66)


def test_what_waits_is_recorded_at_once_and_only_once(noise, collected):
    pieces = [piece(noise, k) for k in range(1, 4)]
    for n, each in enumerate(pieces, 1):
        assert collected.take(each) == []
        assert len(collected.recorded) == n
    # The last one is not calm: it does not wait, and the recorder records it.
    assert collected.take(piece(50 * noise, 4)) == [4 * PIECE_N]
    assert collected.found[-1].recorded_n == 3 * PIECE_N
    recorded = np.concatenate([stamps for _, stamps in collected.recorded])
    assert np.array_equal(recorded, collected.found[-1].stamps[: 3 * PIECE_N])


def test_nothing_waits_that_finds_no_room(noise, collected):
    assert collected.take(piece(noise, 1)) == []
    collected.has_room = False
    assert collected.take(piece(noise, 2)) == [2 * PIECE_N]
    assert collected.found[-1].recorded_n == PIECE_N


def test_what_comes_late_is_not_joined_to_what_came_in_time(noise, collected):
    assert collected.take(piece(noise, 1)) == []
    collected.now_s = 9.0
    collected.take(piece(noise, 2))
    assert (len(collected.found[1].stamps), collected.found[1].waited_s) == (PIECE_N, 2.0)


@pytest.mark.parametrize("seed", range(20))
def test_each_sample_is_recorded_once_and_in_order_whoever_has_the_next_turn(noise, seed):
    rng, now_s, queued, recorded = np.random.default_rng(seed), [0.0], deque(), []
    calm = CalmSignal(1, queued.append, lambda: now_s[0])

    def record(values, stamps):
        if rng.random() < 0.95:
            recorded.extend(stamps)
            return True
        return False

    def recorder_turn():
        chunk = queued.popleft()
        first_n = len(recorded) - chunk.recorded_n
        recorded.extend(chunk.stamps[chunk.recorded_n :])
        assert np.array_equal(recorded[first_n:], chunk.stamps)
        if rng.random() < 0.9:
            chunk.let_wait(chunk, lambda values: rng.random() < 0.8, record, MOST_N)

    for k in range(400):
        calm.take(*piece(noise, k, after="broken" if rng.random() < 0.02 else ""))
        now_s[0] += rng.choice([0.05, 0.3], p=[0.9, 0.1])
        if rng.random() < 0.2:
            rng.choice([calm.look, calm.rest])()
        while queued and rng.random() < 0.7:
            recorder_turn()
    calm.rest()
    while queued:
        recorder_turn()
    assert np.array_equal(recorded, 100.0 + np.arange(400 * PIECE_N) / RATE_HZ)


def fed(path, *, is_watched):
    """Record a quiet minute and movements in small pieces; return the facts of the detector, and how many."""
    run = Run(SessionFolder.create(path, "bench"), 100.0)
    rng = np.random.default_rng(5)
    n = round(70 * RATE_HZ)
    values = 2 * rng.standard_normal((n, 1))
    for start_s in (30, 45, 47, 60):
        at = round(start_s * RATE_HZ)
        values[at : at + round(1.5 * RATE_HZ)] *= 12
    detected = []
    calm = CalmSignal(run.keys[0], run.night.take, lambda: run.clock_s)
    for k in range(n // PIECE_N):
        if is_watched:
            run.night.answer({"do": "status"})
        calm.take(*piece(values, k))
        run.clock_s += PIECE_S
        run.night.tick()
        detected.append(run.night.recorded_s)
    calm.rest()
    facts = [f for f in run.end() if f.source == "detector"]
    streams, _ = pyxdf.load_xdf(run.folder.recording)
    (stream,) = [each for each in streams if each["info"]["name"] == ["Amp"]]
    assert np.array_equal(stream["time_series"], values[: n // PIECE_N * PIECE_N].astype(np.float32))
    return [(f.kind, f.t, f.data) for f in facts], len(set(detected))


def test_a_recorder_finds_the_same_in_the_pieces_it_collects(tmp_path):
    watched, n_watched = fed(tmp_path / "a", is_watched=True)
    alone, n_alone = fed(tmp_path / "b", is_watched=False)
    assert alone == watched
    assert sum(kind == "movement" for kind, *_ in alone) >= 4
    assert n_alone < n_watched / 2
