"""Cost of the detector beside (a) its twin in SciPy and NumPy and (b) the bare minimum, in the same run.

Off by default: ``pytest tests/bench --benchmark-only``. The paired figures go into the benchmark's
`extra_info`, nanoseconds per sample.
"""

import time

import numpy as np
import pytest
from scipy import ndimage, signal
from support.artefact_recordings import make_artefacts

from dsp import DetectorSettings, LegDetector
from dsp.sections import are_notches
from monitor.detection.filters import design_filters

SETTINGS = DetectorSettings()
FS = 500
SOS = design_filters(FS, SETTINGS)
NOTCHES = are_notches(SOS)
BARE_SOS = signal.butter(4, (30, 200), "bandpass", fs=FS, output="sos")
SECONDS = 1800


def leg():
    rng = np.random.default_rng(4)
    amplitude = np.full(SECONDS * FS, 2.0)
    for onset_s in range(10, SECONDS - 5, 25):
        amplitude[onset_s * FS : (onset_s + 2) * FS] = 30.0
    return amplitude * rng.standard_normal(amplitude.size)


def kernel(x):
    return LegDetector(SETTINGS, FS, SOS).process(x)


def runs_of(low, hold_n):
    """Return the starts of runs of at least `hold_n` true samples."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], low, [False]]).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    return starts[stops - starts >= hold_n]


def twin(x):
    """Do the same with whole arrays: steps, filter, trimmed envelope, rest, hysteresis, quality; no jit."""
    step = np.diff(x, prepend=x[0])
    jump = (np.abs(step) > 100) & (np.abs(step) > 8 * ndimage.maximum_filter1d(np.abs(step), FS // 20))
    u = x - np.cumsum(np.where(jump, step, 0.0)) - x[0]
    band = signal.sosfilt(SOS[~NOTCHES], u)
    out = signal.sosfilt(SOS[NOTCHES], band)
    sums = np.cumsum(np.rint(out * out * 2**26).astype(np.int64))
    block_n = FS // 20
    blocks = sums[block_n:] - sums[:-block_n]
    stack = np.stack([blocks[k * block_n : blocks.size - (4 - k) * block_n] for k in range(5)])
    envelope = np.sqrt(np.sort(stack, axis=0)[:3].sum(axis=0) / (3 * block_n * 2**26))
    short = np.sqrt(blocks[4 * block_n :] / (block_n * 2**26))
    rest = ndimage.percentile_filter(envelope[:: FS // 10], 30, size=50, origin=24)
    rest = np.repeat(rest, FS // 10)[: envelope.size]
    high = np.flatnonzero((envelope >= rest + 8) | (short >= rest + 12))
    ends = runs_of(envelope <= rest + 2, FS // 2)
    movements, at = [], 0
    while (k := np.searchsorted(high, at)) < high.size:
        end = np.searchsorted(ends, high[k])
        at = ends[end] if end < ends.size else envelope.size
        movements.append((high[k], at, envelope[high[k] : at].max(initial=0.0)))
        at += 1
    seconds = x[: x.size // FS * FS].reshape(-1, FS)
    steps = np.abs(step[: seconds.size].reshape(-1, FS))
    quality = (
        seconds.max(axis=1) - seconds.min(axis=1),
        np.where(steps > 0, steps, np.inf).min(axis=1),
        np.sqrt(np.maximum(0, (band**2 - out**2)[: seconds.size].reshape(-1, FS).mean(axis=1))),
        (steps == 0).sum(axis=1),
    )
    return movements, quality


def bare(x):
    """Do the least that any detector does: filter, moving RMS, running percentile at 10 Hz."""
    y = signal.sosfilt(BARE_SOS, x)
    sums = np.cumsum(y * y)
    window_n = 3 * FS // 20
    envelope = np.sqrt((sums[window_n:] - sums[:-window_n]) / window_n)
    return ndimage.percentile_filter(envelope[:: FS // 10], 30, size=200)


def paired_ns(functions, x, rounds=9):
    """Return the median cost per sample of each, taken in turn so that a busy machine slows all alike."""
    times = np.empty((rounds, len(functions)))
    for row in times:
        for k, function in enumerate(functions):
            start = time.perf_counter()
            function(x)
            row[k] = time.perf_counter() - start
    return np.median(times, axis=0) / x.size * 1e9


def test_the_twin_finds_the_same_movements():
    x = leg()
    events, _ = kernel(x)
    movements, _ = twin(x)
    assert abs(len(movements) - np.sum(events["kind"] == 4)) <= 2


def test_kernel_beside_its_twin_and_the_bare_minimum(benchmark):
    x = leg()
    kernel(x)
    own, plain, least = paired_ns((kernel, twin, bare), x)
    benchmark.extra_info.update(kernel_ns=own, twin_ns=plain, bare_ns=least)
    benchmark.pedantic(kernel, args=(x,), rounds=3)
    assert plain >= 5 * own, f"twin {plain:.1f} ns, kernel {own:.1f} ns per sample"
    assert own <= 2 * least, f"kernel {own:.1f} ns, bare minimum {least:.1f} ns per sample"


def dead(x, value, from_s):
    """Return a leg that shows nothing but `value` from some second on."""
    x = x.copy()
    x[from_s * FS :] = value
    return x


@pytest.mark.parametrize("value", [0.0, np.nan])
@pytest.mark.parametrize("from_s", [0, 10])
def test_a_dead_leg_costs_no_more_than_a_live_one(value, from_s, benchmark):
    live = leg()
    flat = dead(live, value, from_s)
    kernel(live)
    own, other = paired_ns((lambda _: kernel(live), lambda _: kernel(flat)), live)
    benchmark.extra_info.update(live_ns=own, dead_ns=other)
    benchmark.pedantic(kernel, args=(flat,), rounds=3)
    assert other <= 1.2 * own, f"dead {other:.1f} ns, live {own:.1f} ns per sample"


def moving(fs):
    """Return a leg that moves for 55 s of each 65 s, with an amplitude that changes: it is no tone."""
    t_s = np.arange(300 * fs) / fs
    amplitude = np.where(t_s % 65 < 55, 40.0 + 28.0 * np.sin(2 * np.pi * 0.23 * t_s), 1.5)
    return amplitude * np.random.default_rng(6).standard_normal(t_s.size)


@pytest.mark.parametrize("fs", [200, 500, 1000, 2000])
@pytest.mark.parametrize("kind", ["moving", "crackle"])
def test_what_is_open_costs_at_most_three_times_rest(kind, fs, benchmark):
    def process(x):
        return LegDetector(SETTINGS, fs, sos).process(x)

    sos = design_filters(fs, SETTINGS)
    rest = make_artefacts(1, "quiet", fs, 5.0).x_uv
    busy = moving(fs) if kind == "moving" else make_artefacts(1, "crackle", fs, 5.0).x_uv
    at_rest, at_work = paired_ns((lambda _: process(rest), lambda _: process(busy)), rest)
    benchmark.extra_info.update(rest_ns=at_rest, work_ns=at_work)
    benchmark.pedantic(process, args=(busy,), rounds=3)
    assert at_work <= 3 * at_rest, f"{kind} {at_work:.1f} ns, rest {at_rest:.1f} ns per sample"


@pytest.mark.parametrize("kind", ["live", "flat"])
def test_hour_twelve_costs_what_the_first_does(kind, benchmark):
    half_hour = leg() if kind == "live" else dead(leg(), 0.0, 10)
    old, fresh = LegDetector(SETTINGS, FS, SOS), LegDetector(SETTINGS, FS, SOS)
    for _ in range(24):
        old.process(half_hour)
    fresh.process(half_hour[: 120 * FS])
    x = half_hour[120 * FS : 240 * FS]
    first, later = paired_ns((fresh.process, old.process), x, rounds=25)
    benchmark.extra_info.update(first_ns=first, hour_twelve_ns=later)
    benchmark.pedantic(old.process, args=(x,), rounds=3)
    assert later <= 1.2 * first, f"hour twelve {later:.1f} ns, first hour {first:.1f} ns per sample"


@pytest.mark.parametrize("chunk_n", [1, 16, 500])
def test_a_live_chunk(benchmark, chunk_n):
    detector = LegDetector(SETTINGS, FS, SOS)
    chunk = leg()[:chunk_n].copy()
    benchmark(detector.process, chunk)
