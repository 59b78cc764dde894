"""A recording that begins before the detector is compiled has the facts and the signal of any other."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import pyxdf
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from support.hand_fed import EMG, HEADER, RATE_HZ, Bench

from dsp import DetectorSettings, LegDetector
from monitor.detection.filters import design_filters
from monitor.lsl.arrivals import Connected, Lost, Offset, Samples, Texts
from monitor.model import clock
from monitor.montage import Channel
from monitor.session.journal import read_journal

SIGNAL_S = 40.0
STAMP_S = 4000.0
OTHERS = ("stage", "offset", "lost", "changed", "ahead")
WIDER = replace(EMG, channels=(*EMG.channels, Channel("ECG", "uV", "ECG")))


@dataclass
class Switch:
    """A compilation that is done when the test says so."""

    is_done: bool = False
    share: float = 0.5

    def wait(self, seconds=None):
        self.is_done = True
        return True


def chunks(sizes, seed=3):
    """Cut 40 s of noise with two movements into chunks of these sizes, over and over."""
    n = round(SIGNAL_S * RATE_HZ)
    signal = 2.0 * np.random.default_rng(seed).standard_normal((n, 1))
    for start_s in (20.0, 30.0):
        signal[round(start_s * RATE_HZ) : round((start_s + 1.5) * RATE_HZ)] *= 20.0
    first, place = 0, 0
    while first < n:
        stop = min(n, first + sizes[place % len(sizes)])
        yield first, signal[first:stop].astype(np.float32)
        first, place = stop, place + 1


def script(sizes, others):
    """Return what arrives, each with the clock at which it does; `others` by the chunk they follow."""
    arrivals, lost_s, stream = [], 0.0, EMG
    for k, (first, signal) in enumerate(chunks(sizes)):
        values = np.repeat(signal, len(stream.channels), axis=1)
        stamps = STAMP_S + lost_s + (first + np.arange(len(values))) / RATE_HZ
        clock_s = stamps[-1] + 5000.0 + 0.02
        arrivals.append((clock_s, Samples(1, values, stamps)))
        other = others.get(k)
        if other == "stage":
            arrivals.append((clock_s, Texts(2, [["N2"]], np.array([clock_s]))))
        elif other == "offset":
            arrivals.append((clock_s, Offset(1, clock_s, 5000.0001, 0.0002)))
        elif other in ("lost", "changed"):
            # Back three seconds later, perhaps with one more channel.
            lost_s += 3.0
            stream = WIDER if other == "changed" else stream
            arrivals += [(clock_s, Lost(1, "gone")), (clock_s + 3.0, connected(stream))]
        elif other == "ahead":
            arrivals.append((clock_s, Samples(1, values, stamps + 1.0, ahead=True)))
    return arrivals


def connected(stream):
    header = HEADER.format("Amp", "float32").replace("count>1<", f"count>{len(stream.channels)}<")
    return Connected(1, stream, header, 5000.0)


def recorded(path, arrivals, switch, ready_at):
    """Record a script with a detector that is ready before arrival `ready_at`."""
    path.mkdir()
    bench = Bench(path, switch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "utc_now", bench.utc)
        patch.setattr(clock, "slept_s", lambda: 0.0)
        for k, (clock_s, arrival) in enumerate(arrivals):
            switch.is_done = k >= ready_at
            bench.clock_s = clock_s
            bench.night.take(arrival)
            bench.night.tick()
        facts = bench.end()
    # The clocks are noted when they are read, which is no matter of the detector.
    kept = [fact for fact in facts if fact.kind != "clock"]
    places = {fact.seq: k for k, fact in enumerate(kept)}
    streams, _ = pyxdf.load_xdf(
        bench.folder.recording, synchronize_clocks=False, dejitter_timestamps=False, verbose=False
    )
    signal = [
        (stream["info"]["name"], np.asarray(stream["time_series"]).tolist(), stream["time_stamps"].tolist())
        for stream in streams
    ]
    return [(f.kind, f.t, f.source, dict(f.data), places.get(f.supersedes)) for f in kept], signal


@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    sizes=st.lists(st.integers(40, 400), min_size=1, max_size=3),
    others=st.dictionaries(st.integers(0, 30), st.sampled_from(OTHERS)),
    share=st.floats(0.0, 1.2),
)
@example(sizes=[200], others={3: "changed", 6: "stage"}, share=0.4)
def test_a_detector_that_is_ready_later_finds_the_same(sizes, others, share, tmp_path_factory):
    path, arrivals = tmp_path_factory.mktemp("compiling"), script(sizes, others)
    ready_at = round(share * len(arrivals))
    expected = recorded(path / "ready", arrivals, Switch(), 0)
    found = recorded(path / "later", arrivals, Switch(), ready_at)
    assert found == expected
    # A source that is away during a movement takes it along.
    if not {"lost", "changed"} & set(others.values()):
        assert sum(kind == "movement" for kind, *_ in expected[0]) >= 4


def test_what_waits_is_recorded_and_said(tmp_path):
    switch = Switch()
    bench = Bench(tmp_path, switch)
    for clock_s, arrival in script([100], {}):
        bench.clock_s = clock_s
        bench.night.take(arrival)
        bench.night.tick()
    status = bench.night.status()
    assert (status["recorded_s"], status["waiting_s"]) == pytest.approx((SIGNAL_S, SIGNAL_S))
    assert status["compiled_share"] == 0.5
    kinds = {fact.kind for fact in read_journal(bench.folder.journal)[0]}
    assert {"session", "stream", "anchor", "clock"} <= kinds
    assert "movement" not in kinds
    switch.is_done = True
    while bench.night.waiting_s:
        bench.night.tick()
    assert bench.night.recorded_s == pytest.approx(SIGNAL_S)
    assert sum(fact.kind == "movement" for fact in bench.end()) >= 4


def test_a_detector_that_has_seen_nothing_reads_as_one_that_is_learning():
    rate_hz, chosen = EMG.rate_hz, DetectorSettings()
    new, begun = (LegDetector(chosen, rate_hz, design_filters(rate_hz, chosen), 40) for _ in range(2))
    begun.process(np.empty(0))
    names = ("envelope_uv", "learning", "open", "bad", "n_seen")
    assert [getattr(new, name) for name in names] == [getattr(begun, name) for name in names]
    assert np.isnan([new.resting_uv, begun.resting_uv]).all()
    assert len(new.finish()) == 0
    new.reset(90)
    assert new.n_seen == 90
