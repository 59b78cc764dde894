"""A counter among the channels: what is lost is told exactly, whatever the stamps say, for any chunking."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cutting import parts
from support.examples import examples
from support.watching import of_kind

from dsp import DetectorSettings
from monitor.detection.pipeline import StreamDetection
from monitor.detection.sample_counter import Counter
from monitor.detection.whole_recording import FileStream
from monitor.detection.whole_recording import detect as detect_recording
from monitor.montage import LegChannel

RATE_HZ = 200.0
LEFT = LegChannel("left", 0, "LAT", 1.0, "uV", "given")
CHUNK_N = 30
STAMPS = ("exact", "by chunk", "explicit first", "by counting")


def sent(seconds, losses, stamps="exact", wrap=2**24, begin=0, dtype=np.float64):
    """Return values and times of what a sender sends that loses (at_n, n) of what was measured."""
    n = round(seconds * RATE_HZ)
    numbers, rng = np.arange(n), np.random.default_rng(4)
    emg = rng.normal(0, 2.0, n)
    for onset_s in range(35, int(seconds) - 5, 15):
        emg[round(onset_s * RATE_HZ) : round((onset_s + 2) * RATE_HZ)] *= 20
    keep = np.ones(n, bool)
    for at, many in losses:
        keep[at : at + many] = False
    kept = numbers[keep]
    at = np.arange(len(kept))
    if stamps == "exact":
        times_s = kept / RATE_HZ
    elif stamps == "by chunk":
        # The last of a chunk is stamped, those before it one step apart.
        last = np.minimum(at // CHUNK_N * CHUNK_N + CHUNK_N - 1, len(kept) - 1)
        times_s = (kept[last] - (last - at)) / RATE_HZ
    elif stamps == "explicit first":
        # The first of a chunk is, and what follows it one step apart: a queue that dropped inside a chunk.
        first = at // CHUNK_N * CHUNK_N
        times_s = (kept[first] + at - first) / RATE_HZ
    else:
        times_s = at / RATE_HZ
    counts = (kept + begin) % wrap
    if np.issubdtype(dtype, np.integer):
        counts = counts.astype(dtype)
    return np.column_stack((emg[keep], counts.astype(np.float64))), times_s


def detect(values, times_s, sizes=(1_000_000,), counter=1):
    detection = StreamDetection(RATE_HZ, [LEFT], DetectorSettings(), counter)
    facts = detection.start(0.0)
    for part in parts(len(times_s), sizes):
        for placed in detection.in_place(values[part], times_s[part]):
            facts += detection.take(placed)
    return [*facts, *detection.finish()], detection


def onsets(facts):
    return [f.data["onset"] for f in of_kind(facts, "movement") if f.data["phase"] == "closed"]


@pytest.mark.parametrize("stamps", STAMPS)
@pytest.mark.parametrize("lost_n", [30, 60, 110, 200, 2001])
def test_a_loss_is_told_with_its_count_and_its_place(stamps, lost_n):
    at = 12_345
    values, times_s = sent(120, [(at, lost_n)], stamps)
    facts, detection = detect(values, times_s)
    (gap,) = of_kind(facts, "gap")
    assert gap.data["missing_n"] == lost_n
    assert gap.t == pytest.approx(at / RATE_HZ, abs=0.002)
    assert gap.data["end"] - gap.t == pytest.approx(lost_n / RATE_HZ, abs=1e-4)
    assert gap.data["resets"] == (lost_n >= RATE_HZ / 2)
    assert gap.data["cause"] == "samples missing"
    assert ("left_out_s" in gap.data) == (stamps == "by counting" and lost_n > 0.1 * RATE_HZ)
    assert detection.timeline.now_s == pytest.approx(120.0, abs=0.01)
    whole = onsets(detect(*sent(120, []))[0])
    found = onsets(facts)
    behind = [onset for onset in whole if onset > gap.data["end"] + 40]
    assert [onset for onset in found if onset > gap.data["end"] + 40] == pytest.approx(behind, abs=0.02)
    assert of_kind(facts, "warning") == []


@pytest.mark.parametrize("stamps", STAMPS)
def test_a_few_lost_samples_are_told_in_a_sum(stamps):
    losses = [(2000 + 500 * i, 1 + i % 3) for i in range(30)]
    facts, detection = detect(*sent(120, losses, stamps))
    first, rest = of_kind(facts, "warning")
    assert (first.data["missing_n"], first.data["places"]) == (1, 1)
    assert (rest.data["missing_n"], rest.data["places"]) == (sum(n for _, n in losses) - 1, 29)
    assert of_kind(facts, "gap") == []
    expected_s = 120 if stamps != "by counting" else 120 - sum(n for _, n in losses) / RATE_HZ
    # Where the stamps leave out a few milliseconds, the time is theirs.
    assert detection.timeline.now_s == pytest.approx(expected_s, abs=0.03)


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("signed", [False, True])
def test_counters_that_begin_anew_at_their_end_lose_nothing(bits, signed):
    values, times_s = sent(60, [], wrap=2**bits, begin=2**bits - 5000)
    if signed:
        values[:, 1] -= 2 ** (bits - 1)
    facts, _ = detect(values, times_s)
    assert of_kind(facts, "gap") == of_kind(facts, "warning") == []
    values, times_s = sent(60, [(5000 - 2, 4), (9000, 40)], wrap=2**bits, begin=2**bits - 5000)
    if signed:
        values[:, 1] -= 2 ** (bits - 1)
    facts, _ = detect(values, times_s)
    assert [g.data["missing_n"] for g in of_kind(facts, "gap")] == [4, 40]
    assert of_kind(facts, "warning") == []


@pytest.mark.parametrize("lost_n", [255, 256, 257, 300, 1000])
def test_a_short_counter_and_the_stamps_together_tell_how_many(lost_n):
    facts, _ = detect(*sent(60, [(5000, lost_n)], wrap=256))
    (gap,) = of_kind(facts, "gap")
    assert gap.data["end"] - gap.t == pytest.approx(lost_n / RATE_HZ, abs=1e-3)
    # A whole round of the counter shows in the stamps only.
    assert gap.data.get("missing_n", 256) == lost_n


def stuck(counts):
    counts[4000:] = counts[4000]


def never_moves(counts):
    counts[:] = 7


def random(counts):
    counts[:] = np.random.default_rng(1).integers(0, 1000, len(counts))


def per_packet(counts):
    counts[:] = np.arange(len(counts)) // 5


def back_and_forth(counts):
    counts[3000:] = 3000 + np.arange(len(counts) - 3000) % 7


def of_32_bits(counts):
    counts[:] = (2.0**24 - 5000 + np.arange(len(counts))).astype(np.float32)


@pytest.mark.parametrize(
    "break_it", [stuck, never_moves, random, per_packet, back_and_forth, of_32_bits], ids=lambda f: f.__name__
)
def test_a_counter_that_does_not_count_is_told_once_and_costs_nothing(break_it):
    values, times_s = sent(120, [])
    whole = onsets(detect(values, times_s)[0])
    break_it(values[:, 1])
    for sizes in ((1_000_000,), (7, 300)):
        facts, detection = detect(values, times_s, sizes)
        (warning,) = of_kind(facts, "warning")
        assert warning.data["about"] == "the sample counter"
        assert [g for g in of_kind(facts, "gap") if g.data["resets"]] == []
        assert onsets(facts) == whole
        assert detection.timeline.now_s == pytest.approx(120.0, abs=0.01)


def test_one_wild_number_and_one_new_begin_are_no_loss():
    values, times_s = sent(120, [])
    values[5000, 1] = 9999.0
    values[7000, 1] = np.nan
    values[9000:, 1] -= 9000
    facts, _ = detect(values, times_s)
    assert of_kind(facts, "gap") == of_kind(facts, "warning") == []


def test_a_delay_without_a_loss_is_no_loss_and_a_pause_is_one():
    values, times_s = sent(170, [])
    times_s[20_000:20_400] += 0.09
    times_s[30_000:] += 3.0
    facts, _ = detect(values, times_s)
    (gap,) = of_kind(facts, "gap")
    assert "missing_n" not in gap.data
    assert (gap.t, gap.data["end"]) == pytest.approx((150.0, 153.0), abs=0.03)
    # Without the counter the delay would be taken for a loss.
    assert len(of_kind(detect(values, times_s, counter=None)[0], "gap")) == 2


def test_a_recording_is_scored_as_the_live_night_was():
    values, times_s = sent(120, [(9000, 300), (15_000, 30)], "by counting")
    file = FileStream(RATE_HZ, len(times_s), (LEFT,), lambda a, b: (values[a:b], times_s[a:b]), 1)
    found, end_s = detect_recording([file], DetectorSettings())
    live, detection = detect(values, times_s, (17, 400))
    assert found == live
    assert end_s == detection.timeline.now_s == pytest.approx(120.0, abs=0.01)


@examples(9)
@given(
    st.lists(st.integers(1, 900), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(200, 11_000), st.integers(1, 700)), max_size=5),
    st.sampled_from(STAMPS),
    st.sampled_from([2**16, 2**24]),
)
def test_any_chunks_give_the_same_facts(sizes, losses, stamps, wrap):
    values, times_s = sent(60, losses, stamps, wrap, begin=wrap - 7000)
    whole, _ = detect(values, times_s)
    assert detect(values, times_s, sizes)[0] == whole


@examples(40)
@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(1, 400)), min_size=1, max_size=10),
    st.sampled_from(STAMPS),
    st.sampled_from([2**16, 2**24, 2**32]),
)
def test_every_lost_sample_is_counted_once(pieces, stamps, wrap):
    """Losses anywhere, at least two seconds apart."""
    losses, at = [], 1000
    for apart, lost_n in pieces:
        at += 400 + 37 * apart
        losses.append((at, lost_n))
        at += lost_n
    values, times_s = sent(at / RATE_HZ + 10, losses, stamps, wrap, begin=wrap - 3000)
    facts, _ = detect(values, times_s)
    told = [f.data["missing_n"] for f in facts if f.kind in ("gap", "warning")]
    assert sum(told) == sum(n for _, n in losses)
    assert sorted(f.data["missing_n"] for f in of_kind(facts, "gap")) == sorted(
        n for _, n in losses if n >= 4
    )


@examples(200)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=1, max_size=300),
    st.integers(0, 200),
)
def test_no_numbers_break_it(numbers, n_good):
    counts = np.concatenate((np.arange(n_good, dtype=float), numbers))
    times_s = np.arange(len(counts)) / RATE_HZ
    with np.errstate(all="ignore"):
        breaks = list(Counter(RATE_HZ).take(counts, times_s))
    assert all(0 <= each.row <= len(counts) and each.missing_n >= 0 for each in breaks)


@pytest.mark.parametrize("lost_n", [19, 20, 22])
def test_a_loss_of_a_tenth_of_a_second_that_the_stamps_show_is_not_counted_twice(lost_n):
    values, times_s = sent(60, [(at, lost_n) for at in range(2001, 11_000, 700)])
    facts, detection = detect(values, times_s + np.random.default_rng(6).uniform(-0.01, 0.01, len(times_s)))
    assert [gap.data["missing_n"] for gap in of_kind(facts, "gap")] == [lost_n] * 13
    assert [gap for gap in of_kind(facts, "gap") if "left_out_s" in gap.data] == []
    assert detection.timeline.now_s == pytest.approx(60.0, abs=0.02)
