"""A calm signal is detected in larger pieces; whatever may be a movement at once."""

from collections import deque
from functools import partial

import numpy as np
import pytest
import pyxdf
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.recorder_runs import LEG, RATE_HZ, Run

from dsp import DetectorSettings
from monitor.detection.channel import are_calm
from monitor.detection.pipeline import StreamDetection
from monitor.lsl.arrivals import Permission
from monitor.lsl.calm_signal import CalmSignal
from monitor.montage import LegChannel
from monitor.session.folder import SessionFolder

PIECE_N = 10
SAMPLE_S = 1 / RATE_HZ
PIECE_S = PIECE_N * SAMPLE_S
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
            after.let_wait(Permission(after, self._are_calm, self._record, MOST_N, SAMPLE_S))

    def _are_calm(self, values):
        return are_calm(self._limits, values)

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
    assert np.array_equal(collected.found[-1].last_piece, piece(loud, 2)[0])


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


def test_an_open_movement_does_not_wait_once_it_may_be_a_new_resting_level(noise, learned):
    until_s = 60.0
    for gain, seconds in ((30, 1.0), (5, 2.0)):
        values = gain * noise[: round(seconds * RATE_HZ)]
        learned.process(values, until_s + np.arange(len(values)) / RATE_HZ)
        until_s += seconds
        assert bool(learned.calm_limits(noise[:PIECE_N])) == (until_s < 62.0)


def test_an_open_movement_waits_at_most_until_the_second_may_turn_out_bad(noise, learned):
    values = 30 * noise[: round(1.8 * RATE_HZ)]
    learned.process(values, 60.0 + np.arange(len(values)) / RATE_HZ)
    (limit,) = learned.calm_limits(noise[:PIECE_N])
    assert limit.most_n == round(0.2 * RATE_HZ)


def test_nothing_may_wait_behind_a_burst_too_short_for_the_envelope(noise, learned):
    burst = np.concatenate([10 * noise[: round(0.1 * RATE_HZ)], 2 * noise[:PIECE_N]])
    learned.process(burst, 60.0 + np.arange(len(burst)) / RATE_HZ)
    assert learned.calm_limits(2 * noise[:PIECE_N]) == ()
    later = 2 * noise[: round(0.3 * RATE_HZ)]
    learned.process(later, 60.0 + np.arange(len(burst), len(burst) + len(later)) / RATE_HZ)
    assert learned.calm_limits(2 * noise[:PIECE_N]) != ()


LEGS = (LEG, LegChannel("right", 1, "RAT", 1.0, "uV", "label"))
# Length and pause (s), height (uV).
BURSTS = st.lists(st.tuples(st.floats(0.05, 4.0), st.floats(0.1, 3.0), st.floats(3.0, 60.0)), max_size=4)


def two_legs(rate_hz, bursts, crosstalk, rest_uv):
    """Return noise with movements of both legs, shape (n, 2), uV, and what is heard of one in the other."""
    level = np.full((round(40 * rate_hz), 2), rest_uv)
    for leg, found in enumerate(bursts):
        at_s = 5.0
        for length_s, pause_s, height_uv in found:
            level[round(at_s * rate_hz) : round((at_s + length_s) * rate_hz), leg] += height_uv
            at_s += length_s + pause_s
    values = level * np.random.default_rng(7).standard_normal(level.shape)
    values[:, 1] += crosstalk * values[:, 0]
    return values


def found_with_waiting(stream, values, piece_n, rate_hz):
    """Return the facts in what was collected, with the time of its last sample, and its lengths."""
    found, handed_n = [], []

    def hand_on(chunk):
        reached_s = float(chunk.stamps[-1])
        found.extend((reached_s, fact) for fact in stream.process(chunk.values, chunk.stamps))
        handed_n.append(len(chunk.stamps))
        if limits := stream.calm_limits(chunk.last_piece):
            most_n = min(round(0.5 * rate_hz), *(limit.most_n for limit in limits))
            is_calm, record = partial(are_calm, limits), lambda x, stamps: True
            chunk.let_wait(Permission(chunk, is_calm, record, most_n, 1 / rate_hz))

    calm = CalmSignal(1, hand_on, lambda: 0.0)
    for first in range(0, len(values), piece_n):
        part = values[first : first + piece_n]
        calm.take(part, (first + np.arange(len(part))) / rate_hz)
    calm.rest()
    return found, handed_n


@pytest.mark.parametrize("rate_hz", [200.0, 500.0])
@examples(12)
@given(
    bursts=st.tuples(BURSTS, BURSTS),
    crosstalk=st.sampled_from([0.0, 0.3]),
    rest_uv=st.sampled_from([1.5, 3.0, 12.0]),
    # At least 50 ms of signal are collected, at most 250.
    piece_s=st.floats(0.05, 0.25),
)
def test_no_step_of_a_movement_waits(rate_hz, bursts, crosstalk, rest_uv, piece_s):
    """Whatever the movements are: with the last sample that decides a step its piece is handed on."""
    values, piece_n = two_legs(rate_hz, bursts, crosstalk, rest_uv), round(piece_s * rate_hz)
    streams = [StreamDetection(rate_hz, LEGS, DetectorSettings()) for _ in range(2)]
    for stream in streams:
        stream.start(0.0)
    found, handed_n = found_with_waiting(streams[0], values, piece_n, rate_hz)
    # Loud rest is seldom calm at low rates.
    assert rest_uv > 10 or len(handed_n) < 0.95 * len(values) / piece_n
    late_s = [
        (fact.data, reached_s - fact.data["known"]) for reached_s, fact in found if fact.kind == "movement"
    ]
    assert [each for each in late_s if each[1] > (piece_n - 1) / rate_hz + 1e-5] == []
    assert [fact for _, fact in found] == streams[1].process(values, np.arange(len(values)) / rate_hz)


def test_nothing_may_wait_while_the_resting_level_is_learned(noise):
    stream = StreamDetection(RATE_HZ, [LEG], DetectorSettings())
    stream.start(0.0)
    assert stream.calm_limits(noise[:PIECE_N]) == ()


def test_nothing_waits_unless_it_was_allowed_or_after_a_break(noise, collected):
    assert Collected().take(piece(noise, 0), piece(noise, 1)) == [PIECE_N, PIECE_N]
    assert collected.take(piece(noise, 1, after="broken")) == [PIECE_N]


@pytest.mark.parametrize("step_s", [0.3, -0.3, np.nan])
def test_nothing_waits_after_a_jump_of_the_stamps(noise, collected, step_s):
    values, stamps, after = piece(noise, 2)
    assert collected.take(piece(noise, 1)) == []
    assert collected.take((values, stamps + step_s, after)) == [2 * PIECE_N]


def test_a_piece_that_comes_late_does_not_wait(noise, collected):
    assert collected.take(piece(noise, 1)) == []
    collected.now_s += 0.3
    assert collected.take(piece(noise, 2)) == [2 * PIECE_N]
    assert collected.take(piece(noise, 3)) == []


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
    first.let_wait(Permission(first, lambda values: True, lambda values, stamps: True, MOST_N, SAMPLE_S))
    assert collector.take(piece(noise, 2)) == [PIECE_N]
    # And for the newest one not after all was asked for.
    newest = collector.found[-1]
    newest.let_wait(Permission(newest, lambda values: True, lambda values, stamps: True, MOST_N, SAMPLE_S))
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
            chunk.let_wait(Permission(chunk, lambda values: rng.random() < 0.8, record, MOST_N, SAMPLE_S))

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


def fed(path, *, is_watched, step_s=0.0, late_s=0.0):
    """Record quiet and movements in small pieces; return the facts, and how often some were processed.

    After 10 s the source's clock steps by `step_s`, and the pieces of the next 3 s come later by `late_s`.
    """
    run = Run(SessionFolder.create(path, "bench"), 100.0)
    n = round(32 * RATE_HZ)
    values = 2 * np.random.default_rng(5).standard_normal((n, 1))
    for start_s in (16, 20, 22, 28):
        at = round(start_s * RATE_HZ)
        values[at : at + round(1.5 * RATE_HZ)] *= 12
    stamps = 100.0 + np.arange(n) / RATE_HZ + step_s * (np.arange(n) >= 10 * RATE_HZ)
    detected = []
    calm = CalmSignal(run.keys[0], run.night.take, lambda: run.clock_s)
    for k in range(n // PIECE_N):
        place = slice(k * PIECE_N, (k + 1) * PIECE_N)
        due_s = 100.0 + (k + 1) * PIECE_S
        run.clock_s = max(run.clock_s, due_s + (late_s if 10 <= k * PIECE_S < 13 else 0.0))
        if is_watched:
            run.night.answer({"do": "status"})
        calm.take(values[place].astype(np.float32), stamps[place])
        run.night.tick()
        detected.append(run.night.recorded_s)
    calm.rest()
    facts = [f for f in run.end() if f.source == "detector" or f.kind == "late"]
    streams, _ = pyxdf.load_xdf(run.folder.recording, synchronize_clocks=False, dejitter_timestamps=False)
    (stream,) = [each for each in streams if each["info"]["name"] == ["Amp"]]
    assert np.array_equal(stream["time_series"], values[: n // PIECE_N * PIECE_N].astype(np.float32))
    return [(f.kind, f.t, f.data) for f in facts], len(set(detected))


@pytest.mark.parametrize("odd", [{}, {"step_s": 2.2}, {"late_s": 1.8}, {"late_s": 2.4}], ids=str)
def test_a_recorder_finds_the_same_in_the_pieces_it_collects(tmp_path, odd):
    watched, n_watched = fed(tmp_path / "a", is_watched=True, **odd)
    alone, n_alone = fed(tmp_path / "b", is_watched=False, **odd)
    assert alone == watched
    assert sum(kind == "movement" for kind, *_ in alone) >= 4
    assert n_alone < n_watched / 2
