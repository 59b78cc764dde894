"""Gaps told apart, and clocks that step: each has its name and its span in the journal."""

import numpy as np
import pytest
import pyxdf
from support.hand_fed import RATE_HZ
from support.watching import of_kind

from monitor.lsl.arrivals import Offset, Samples, Texts

pytestmark = pytest.mark.smoke

STEP = 1 / RATE_HZ


class Amplifier:
    """Sends what it is told, when it is told; its clock is 5000 s behind ours."""

    def __init__(self, bench):
        self._bench, self._noise = bench, np.random.default_rng(7)
        self.stamp_s, self.behind_s = 4000.0, 5000.0

    def chunk(self, stamps_s, now_s, after=""):
        values = (2 * self._noise.standard_normal((len(stamps_s), 1))).astype(np.float32)
        self._bench.clock_s = now_s
        self._bench.night.take(Samples(1, values, np.asarray(stamps_s, float), after=after))
        self._bench.night.tick()

    def send(self, seconds, *, late_s=0.0, after=""):
        """Send so much, in chunks of 50 ms, each `late_s` after its last sample."""
        for _ in range(round(seconds / 0.05)):
            stamps_s = self.stamp_s + np.arange(10) * STEP
            self.stamp_s += 0.05
            self.chunk(stamps_s, self.stamp_s + self.behind_s + late_s, after)
            after = ""

    def burst(self, seconds, now_s):
        """Send so much at once, stamped as it was taken."""
        stamps_s = self.stamp_s + np.arange(round(seconds * RATE_HZ)) * STEP
        self.stamp_s += seconds
        self.chunk(stamps_s, now_s)

    @property
    def now_s(self):
        return self.stamp_s + self.behind_s


@pytest.fixture
def amplifier(bench):
    return Amplifier(bench)


def test_a_late_backlog_is_told_and_is_no_gap(bench, amplifier):
    amplifier.send(10)
    amplifier.burst(20.0, amplifier.now_s + 20.05)
    amplifier.send(5)
    facts = bench.end()
    (late,) = of_kind(facts, "late")
    assert (late.t, late.data["end"]) == pytest.approx((10.0, 30.0), abs=0.1)
    assert late.data["late_s"] == pytest.approx(20.0, abs=0.2)
    assert (late.data["n"], late.data["missing_s"], late.data["retimed"]) == (4000, 0.0, False)
    assert of_kind(facts, "gap") == []


@pytest.mark.parametrize("again_s", [1.0, pytest.param(30.0, marks=pytest.mark.slow)])
@pytest.mark.parametrize("at_once", [True, False])
def test_what_comes_a_second_time_is_no_backlog_and_no_clock_set_back(bench, amplifier, again_s, at_once):
    amplifier.send(40)
    noise, stamps_s = np.random.default_rng(7), 4000.0 + np.arange(round(40 * RATE_HZ)) * STEP
    values = (2 * noise.standard_normal((len(stamps_s), 1))).astype(np.float32)
    for part in np.split(np.arange(round((40 - again_s) * RATE_HZ), len(stamps_s)), 1 if at_once else 20):
        bench.night.take(Samples(1, values[part], stamps_s[part]))
        bench.night.tick()
    amplifier.send(10)
    facts = bench.end()
    (warning,) = of_kind(facts, "warning")
    assert warning.data["repeated_n"] == round(again_s * RATE_HZ)
    assert (warning.t, warning.data["end"]) == pytest.approx((40 - again_s, 40.0), abs=0.01)
    assert of_kind(facts, "gap") == of_kind(facts, "late") == []
    assert facts[-1].t == pytest.approx(50.0, abs=0.01)


@pytest.mark.parametrize("lost_s", [0.6, 30.0])
def test_signal_that_was_lost_is_missing(bench, amplifier, lost_s):
    amplifier.send(10)
    amplifier.stamp_s += lost_s
    amplifier.send(5)
    facts = bench.end()
    (gap,) = of_kind(facts, "gap")
    assert (gap.data["cause"], gap.data["resets"]) == ("samples missing", True)
    assert (gap.t, gap.data["end"]) == pytest.approx((10.0, 10.0 + lost_s), abs=1e-3)
    assert facts[-1].t == pytest.approx(15.0 + lost_s, abs=0.01)


def test_a_hole_in_a_backlog_is_the_senders_overflow_with_a_chunk_of_doubt(bench, amplifier):
    amplifier.send(10)
    now_s = amplifier.now_s + 60.0
    amplifier.burst(5.0, now_s)
    amplifier.stamp_s += 40.0
    amplifier.burst(15.0, now_s)
    amplifier.send(5)
    facts = bench.end()
    (gap,) = of_kind(facts, "gap")
    assert gap.data["cause"] == "sender overflow"
    assert (gap.t, gap.data["end"]) == pytest.approx((15.0 - 0.05, 55.0), abs=1e-3)
    (late,) = of_kind(facts, "late")
    assert late.data["missing_s"] == pytest.approx(40.05, abs=1e-3)


def test_a_connection_that_broke_is_named(bench, amplifier):
    amplifier.send(10)
    amplifier.stamp_s += 20.0
    amplifier.send(5, late_s=8.0, after="connection broken")
    assert [g.data["cause"] for g in of_kind(bench.end(), "gap")] == ["connection broken"]


def test_a_freeze_that_is_stamped_as_one_moment_is_put_back(bench, amplifier):
    amplifier.send(10)
    n = round(30 * RATE_HZ)
    thawed_s = amplifier.stamp_s + 30.0
    amplifier.chunk(thawed_s + np.linspace(0, 0.04, n), thawed_s + 5000.05)
    amplifier.stamp_s = thawed_s + 0.05
    amplifier.send(5)
    facts = bench.end()
    assert [g for g in of_kind(facts, "gap") if g.data["resets"]] == []
    (late,) = of_kind(facts, "late")
    assert late.data["retimed"]
    assert (late.t, late.data["end"]) == pytest.approx((10.0, 40.0), abs=0.1)
    assert facts[-1].t == pytest.approx(45.0, abs=0.1)


@pytest.mark.parametrize(
    "step_s", [3600.0, -100.0, *(pytest.param(s, marks=pytest.mark.slow) for s in (100.0, -1e6, 1e9))]
)
def test_stamps_that_jump_where_no_time_has_passed_are_a_clocks_step(bench, amplifier, step_s):
    amplifier.send(10)
    amplifier.stamp_s += step_s
    amplifier.behind_s -= step_s
    amplifier.send(5)
    amplifier.stamp_s += 2.0
    amplifier.send(5)
    facts = bench.end()
    step, hole = of_kind(facts, "gap")
    assert (step.data["cause"], step.t, step.data["end"]) == ("clock step", pytest.approx(10.0), step.t)
    # Behind it a hole is a hole again.
    assert hole.data["cause"] == "samples missing"
    assert (hole.t, hole.data["end"]) == pytest.approx((15.0, 17.0), abs=0.01)
    assert of_kind(facts, "late") == []


def test_chunks_that_overlap_or_wait_a_little_are_no_gap(bench, amplifier):
    rng = np.random.default_rng(3)
    for _ in range(400):
        stamps_s = amplifier.stamp_s + np.arange(10) * STEP + rng.choice([0.0, 0.015, -0.019])
        amplifier.stamp_s += 0.05
        amplifier.chunk(stamps_s, amplifier.now_s + rng.uniform(0, 0.3))
    facts = bench.end()
    assert of_kind(facts, "gap") == of_kind(facts, "late") == []
    assert facts[-1].t == pytest.approx(20.0, abs=0.03)


def test_samples_that_are_no_numbers_make_the_leg_unusable_and_nothing_else(bench, amplifier):
    amplifier.send(60)
    for _ in range(20):
        stamps_s = amplifier.stamp_s + np.arange(200) * STEP
        amplifier.stamp_s += 1.0
        bench.clock_s = amplifier.now_s
        bench.night.take(Samples(1, np.full((200, 1), np.nan, np.float32), stamps_s))
    amplifier.send(60)
    facts = bench.end()
    assert of_kind(facts, "gap") == of_kind(facts, "warning") == []
    states = [(f.data["state"], f.data["causes"]) for f in of_kind(facts, "quality")]
    assert ("bad", ["no data"]) in states
    assert states[-1][0] == "ok"


def test_stamps_of_a_clock_of_their_own_are_placed_by_arrival(bench, amplifier):
    amplifier.stamp_s, amplifier.behind_s = 1.7e9, 9000.0 - 1.7e9
    amplifier.send(10)
    # The offset that LSL measures is of another clock than the stamps'.
    for i in range(4):
        bench.night.take(Offset(1, bench.clock_s + 5 * i, 5000.0, 0.001))
    bench.tell("N2", 9004.0)
    amplifier.send(5)
    assert bench.night.time.to_lsl(4.0) == pytest.approx(9004.0, abs=0.1)
    facts = bench.end()
    (stage,) = of_kind(facts, "stage")
    assert stage.t == pytest.approx(4.0, abs=0.1)
    (warning,) = of_kind(facts, "warning")
    assert "not from the LSL clock" in warning.data["reason"]
    assert of_kind(facts, "gap") == []


class TestClocksThatStep:
    """Offsets come every five seconds; a step is believed at the second that agrees."""

    def offsets(self, bench, offset_s, n=3):
        for i in range(n):
            bench.night.take(Offset(1, bench.clock_s + 5 * i, offset_s, 0.0005))

    def test_an_amplifier_that_slept_leaves_a_gap_of_its_sleep(self, bench, amplifier):
        amplifier.send(10)
        # Its clock stood still with it: the stamps go on as if nothing had been.
        amplifier.behind_s += 60.0
        self.offsets(bench, 5060.0)
        amplifier.send(10)
        facts = bench.end()
        opened, shut = of_kind(facts, "gap")
        assert (shut.supersedes, shut.data["cause"]) == (opened.seq, "clock step")
        assert (shut.t, shut.data["end"]) == pytest.approx((10.0, 70.0), abs=0.01)
        assert facts[-1].t == pytest.approx(80.0, abs=0.05)
        assert bench.night.time.to_lsl(75.0) == pytest.approx(9075.0, abs=0.01)

    def test_this_machines_sleep_costs_no_signal_and_no_place(self, bench, amplifier):
        amplifier.send(10)
        # Our clock stood still for 300 s, the amplifier's did not; it kept everything and sends it now.
        amplifier.behind_s -= 300.0
        amplifier.burst(300.0, 9010.5)
        amplifier.send(10)
        self.offsets(bench, 4700.0)
        amplifier.send(10)
        bench.tell("N2", amplifier.now_s)
        facts = bench.end()
        assert [g for g in of_kind(facts, "gap") if g.data["end"] != g.t] == []
        assert facts[-1].t == pytest.approx(330.0, abs=0.1)
        assert of_kind(facts, "stage")[0].t == pytest.approx(330.0, abs=0.1)
        assert of_kind(facts, "offset")[-1].data["stepped_s"] == pytest.approx(-300.0, abs=0.01)

    def test_one_wild_offset_changes_nothing(self, bench, amplifier):
        amplifier.send(10)
        self.offsets(bench, 5000.0, 6)
        bench.night.take(Offset(1, bench.clock_s + 31, -12345.0, 0.0005))
        bench.night.take(Offset(1, bench.clock_s + 36, 5000.0, 0.0005))
        amplifier.send(5)
        assert bench.night.time.to_lsl(4.0) == pytest.approx(9004.0, abs=1e-3)
        assert of_kind(bench.end(), "gap") == []


@pytest.mark.slow
def test_a_flood_of_markers_costs_a_warning_and_is_kept(bench, amplifier):
    amplifier.send(2)
    for i in range(30):
        bench.night.take(Texts(2, [["N2"]] * 1000, 9001.0 + i / 100 + np.arange(1000) * 1e-5))
    amplifier.send(2)
    facts = bench.end()
    assert len(of_kind(facts, "stage")) <= 5100
    (warning,) = of_kind(facts, "warning")
    assert "too many markers" in warning.data["reason"]
    assert facts[-1].t == pytest.approx(4.0, abs=0.01)
    streams, _ = pyxdf.load_xdf(bench.folder.recording, dejitter_timestamps=False, verbose=False)
    assert {len(s["time_stamps"]) for s in streams} == {30_000, 800}
