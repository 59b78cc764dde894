"""A calm signal is detected in larger pieces; whatever may be a movement at once."""

import numpy as np
import pytest
from support.recorder_runs import LEG, RATE_HZ, Run

from dsp import DetectorSettings
from monitor.detection.pipeline import StreamDetection
from monitor.lsl.arrivals import Samples
from monitor.recorder.calm_signal import CalmSignal
from monitor.session.folder import SessionFolder

PIECE_N = 10
PIECE_S = PIECE_N / RATE_HZ


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(3).standard_normal((round(60 * RATE_HZ), 1))


def piece(values, k, key=1, **more):
    n = np.arange(k * PIECE_N, (k + 1) * PIECE_N)
    return Samples(key, values[n].astype(np.float32), 100.0 + n / RATE_HZ, **more)


@pytest.fixture
def learned(noise):
    """Return a detection that knows the resting level of the noise."""
    stream = StreamDetection(RATE_HZ, [LEG], DetectorSettings())
    stream.start(0.0)
    stream.process(2 * noise, np.arange(len(noise)) / RATE_HZ)
    return stream


def test_calm_pieces_come_out_together_in_order(noise, learned):
    calm = CalmSignal()
    found = []
    for k in range(40):
        found += [each for each, _ in calm.take(piece(noise, k), learned, k * PIECE_S, is_watched=False)]
    assert [each.piece_n for each in found] == [PIECE_N] * 4
    whole = np.concatenate([each.values for each in found])
    assert np.array_equal(whole, noise[: 40 * PIECE_N].astype(np.float32))
    assert (np.diff(np.concatenate([each.stamps for each in found])) > 0).all()


@pytest.mark.parametrize("n_loud", [2, PIECE_N])
def test_a_piece_with_activity_is_returned_at_once_with_what_waited(noise, learned, n_loud):
    loud = noise.copy()
    loud[2 * PIECE_N - n_loud : 2 * PIECE_N] += 30 * (-1) ** np.arange(n_loud)[:, np.newaxis]
    calm = CalmSignal()
    assert calm.take(piece(loud, 0), learned, 0.0, is_watched=False) == []
    ((found, _),) = calm.take(piece(loud, 1), learned, PIECE_S, is_watched=False)
    assert len(found.stamps) == 2 * PIECE_N


def test_nothing_waits_while_a_movement_is_open(noise, learned):
    burst = 30 * noise[: round(0.4 * RATE_HZ)]
    learned.process(burst, 60.0 + np.arange(len(burst)) / RATE_HZ)
    ((found, _),) = CalmSignal().take(piece(noise, 0), learned, 0.0, is_watched=False)
    assert len(found.stamps) == PIECE_N


def test_nothing_waits_while_a_person_watches_or_after_a_break(noise, learned):
    assert CalmSignal().take(piece(noise, 0), learned, 0.0, is_watched=True)
    assert CalmSignal().take(piece(noise, 0, after="broken"), learned, 0.0, is_watched=False)


def test_nothing_waits_while_the_resting_level_is_learned(noise):
    stream = StreamDetection(RATE_HZ, [LEG], DetectorSettings())
    stream.start(0.0)
    assert CalmSignal().take(piece(noise, 0), stream, 0.0, is_watched=False)


def test_a_piece_that_no_other_follows_waits_for_a_limited_time(noise, learned):
    calm = CalmSignal()
    assert calm.take(piece(noise, 0), learned, 7.0, is_watched=False) == []
    assert calm.due(7.6) == []
    assert [(len(each.stamps), at_s) for each, at_s in calm.due(7.65)] == [(PIECE_N, 7.0)]
    assert calm.due(9.0) == []


def test_what_comes_late_is_not_joined_to_what_came_in_time(noise, learned):
    calm = CalmSignal()
    assert calm.take(piece(noise, 0), learned, 7.0, is_watched=False) == []
    ((found, arrived_s),) = calm.take(piece(noise, 1), learned, 9.0, is_watched=False)
    assert (len(found.stamps), arrived_s) == (PIECE_N, 7.0)


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
    for k in range(n // PIECE_N):
        if is_watched:
            run.night.answer({"do": "status"})
        run.night.take(piece(values, k, key=run.keys[0]))
        run.clock_s += PIECE_S
        run.night.tick()
        detected.append(run.night.recorded_s)
    facts = [f for f in run.end() if f.source == "detector"]
    return [(f.kind, f.t, f.data) for f in facts], len(set(detected))


def test_a_recorder_finds_the_same_in_the_pieces_it_collects(tmp_path):
    watched, n_watched = fed(tmp_path / "a", is_watched=True)
    alone, n_alone = fed(tmp_path / "b", is_watched=False)
    assert alone == watched
    assert sum(kind == "movement" for kind, *_ in alone) >= 4
    assert n_alone < n_watched / 2
