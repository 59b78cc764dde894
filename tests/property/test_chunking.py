"""Any chunking gives the same events and quality rows, to the bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dsp import DetectorSettings, LegDetector
from monitor.detection.filters import design_filters

FS = 200.0
SETTINGS = DetectorSettings()
SOS = design_filters(FS, SETTINGS)


def leg_with_everything(seconds=60):
    """Return a leg with bursts, a twitch, short and long blanks, a dead stretch, a step and spikes."""
    rng = np.random.default_rng(20)
    n = int(seconds * FS)
    amplitude = np.full(n, 2.0)
    for onset_s, duration_s, uv in [(8, 1, 30), (14, 3, 15), (20, 0.25, 40), (33, 12, 60), (52, 2, 25)]:
        amplitude[int(onset_s * FS) : int((onset_s + duration_s) * FS)] += uv
    x = amplitude * rng.standard_normal(n)
    x[int(15 * FS) : int(15.1 * FS)] = np.nan
    x[int(24 * FS) : int(26 * FS)] = np.nan
    x[int(37 * FS) :] += 1000.0
    x[int(47 * FS) : int(49.5 * FS)] = 7.0
    x[int(5 * FS) :: int(0.8 * FS)] += 60.0
    return x


LEG = leg_with_everything()


def detect(x, sizes, first_index=0):
    """Feed chunks of the given sizes in turn until the signal is used up."""
    detector = LegDetector(SETTINGS, FS, SOS, first_index)
    events, rows, at, turn = [], [], 0, 0
    while at < x.size:
        size = sizes[turn % len(sizes)]
        found, quality = detector.process(x[at : at + size])
        events.append(found.copy())
        rows.append(quality.copy())
        at += size
        turn += 1
    events.append(detector.finish())
    return np.concatenate(events), np.concatenate(rows)


WHOLE_EVENTS, WHOLE_ROWS = detect(LEG, [LEG.size])


def test_the_leg_has_all_kinds_of_events():
    assert set(WHOLE_EVENTS["kind"]) == {1, 2, 3, 4}
    assert set(WHOLE_ROWS["state"]) >= {0, 2}


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_equal_chunks_give_the_same_bytes(size):
    events, rows = detect(LEG, [size])
    assert events.tobytes() == WHOLE_EVENTS.tobytes()
    assert rows.tobytes() == WHOLE_ROWS.tobytes()


@examples(25)
@given(sizes=st.lists(st.integers(0, 700), min_size=1, max_size=12).filter(any))
def test_any_chunks_give_the_same_bytes(sizes):
    events, rows = detect(LEG, sizes)
    assert events.tobytes() == WHOLE_EVENTS.tobytes()
    assert rows.tobytes() == WHOLE_ROWS.tobytes()


@examples(25)
@given(n=st.integers(1, LEG.size))
def test_a_prefix_gives_what_was_known_by_then(n):
    detector = LegDetector(SETTINGS, FS, SOS)
    events, _ = detector.process(LEG[:n])
    assert events.tobytes() == WHOLE_EVENTS[WHOLE_EVENTS["known_index"] < n].tobytes()


@examples(25)
@given(n=st.integers(1, LEG.size))
def test_every_onset_ends_once_wherever_the_signal_stops(n):
    events, _ = detect(LEG[:n], [n])
    flagged = events["movement"][events["kind"] == 1]
    ended = events["movement"][events["kind"] >= 3]
    assert sorted(flagged) == sorted(ended)
    assert np.all(np.diff(events["known_index"]) >= 0)
    closed = events[events["kind"] == 4]
    assert np.all(closed["offset_index"] - closed["onset_index"] >= 0.5 * FS)
