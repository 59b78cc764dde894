"""The staging loop: what it tells, what it skips, and what it does when the night ends."""

import numpy as np
import pytest

from monitor.staging.epoch_signal import EPOCH_N, EpochSignal
from monitor.staging.estimator import CLASSES, Estimate
from monitor.staging.loop import LATE_S, StagingLoop


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


class Signals:
    """A session of which so many epochs are complete; the recorder's answers become what stands."""

    def __init__(self):
        self.roles = ("eeg",)
        self.n, self.n_last = 0, 0
        self.standing = {}
        self.is_in_bed_over = False
        self.reads = []

    def update(self):
        pass

    def n_complete(self, *, is_last=False):
        return self.n + (self.n_last if is_last else 0)

    def epoch(self, index):
        self.reads.append(index)
        return {role: EpochSignal(np.full(EPOCH_N, float(index))) for role in self.roles}

    def recorded_estimates(self):
        return dict(self.standing)


class Recorder:
    def __init__(self, signals):
        self.signals, self.asked = signals, []

    def ask(self, request):
        self.asked.append(dict(request))
        for number, stage, p_sleep, why in request.get("epochs", ()):
            self.signals.standing[number] = Estimate(stage, p_sleep, why)
        return {"ok": True}


class Minded:
    """An estimator that thinks of each epoch what it is told to; an estimate takes so many seconds."""

    def __init__(self, roles, clock):
        self.roles, self._clock = tuple(roles), clock
        self.takes_s, self.wake = 0.0, set()

    def features(self, uv):
        return uv.reshape(len(uv), -1, EPOCH_N).mean(axis=2).T

    def probabilities(self, features, used, planned_s):
        self._clock.now_s += self.takes_s
        rows = np.zeros((len(features), len(CLASSES)))
        awake = [i in self.wake for i in range(len(features))]
        rows[:, CLASSES.index("N2")] = np.where(awake, 0.1, 0.9)
        rows[:, CLASSES.index("W")] = np.where(awake, 0.9, 0.1)
        return rows


@pytest.fixture
def bench():
    class Bench:
        clock, signals, models = Clock(), Signals(), []

        def make(self, roles):
            self.models.append(Minded(roles, self.clock))
            return self.models[-1]

        @property
        def model(self):
            return self.models[-1]

    made = Bench()
    made.models = []
    made.recorder = Recorder(made.signals)
    made.loop = StagingLoop(made.signals, made.recorder, made.make, 8 * 3600.0, made.clock)
    return made


def numbers(request):
    return [row[0] for row in request["epochs"]]


def test_each_epoch_is_read_once_and_told_when_it_is_complete(bench):
    assert not bench.loop.turn()
    for bench.signals.n in (1, 2, 3):
        assert bench.loop.turn()
        assert not bench.loop.turn()
    assert [numbers(r) for r in bench.recorder.asked] == [[0], [1], [2]]
    assert bench.recorder.asked[0]["epochs"] == [[0, "N2", 0.9, ""]]
    assert bench.signals.reads == [0, 1, 2]


def test_without_signals_it_waits(bench):
    bench.signals.roles, bench.signals.n = (), 5
    assert not bench.loop.turn()
    assert bench.recorder.asked == []
    bench.signals.roles = ("eeg",)
    assert bench.loop.turn()
    assert numbers(bench.recorder.asked[0]) == [0, 1, 2, 3, 4]


def test_what_comes_too_late_is_skipped_said_once_and_told_with_the_next(bench):
    bench.signals.n = 1
    bench.loop.turn()
    bench.model.takes_s = LATE_S + 1
    for bench.signals.n in (2, 3):
        assert bench.loop.turn()
        # Nothing is tried again before there is something new.
        assert not bench.loop.turn()
    assert bench.recorder.asked[1:] == [{"do": "estimate", "state": "late"}]
    bench.model.takes_s, bench.signals.n = LATE_S - 1, 4
    bench.loop.turn()
    assert numbers(bench.recorder.asked[2]) == [1, 2, 3]
    assert bench.recorder.asked[3] == {"do": "estimate", "state": "running"}


def test_a_new_process_goes_on_from_what_stands_and_repeats_nothing(bench):
    bench.signals.n = 6
    bench.signals.standing = {i: Estimate("N2", 0.9) for i in range(5)}
    bench.loop.turn()
    assert [numbers(r) for r in bench.recorder.asked] == [[5]]
    assert bench.signals.reads == [0, 1, 2, 3, 4, 5]


def changed_its_mind(bench):
    bench.signals.n = 6
    bench.loop.turn()
    bench.model.wake = {1}
    bench.recorder.asked.clear()


def test_at_the_end_every_change_is_told(bench):
    changed_its_mind(bench)
    bench.signals.n_last = 1
    bench.loop.turn(is_last=True)
    assert [numbers(r) for r in bench.recorder.asked] == [[1, 6]]


def test_lights_on_is_the_morning_once(bench):
    changed_its_mind(bench)
    assert not bench.loop.turn()
    bench.signals.is_in_bed_over = True
    assert bench.loop.turn()
    assert [numbers(r) for r in bench.recorder.asked] == [[1]]
    bench.model.wake = {1, 2}
    assert not bench.loop.turn()
    bench.signals.n = 7
    bench.loop.turn()
    assert [numbers(r) for r in bench.recorder.asked[1:]] == [[6]]


def test_a_whole_night_fits_through_the_control_channel(bench):
    bench.signals.n = 960
    bench.loop.turn()
    assert [len(r["epochs"]) for r in bench.recorder.asked] == [200] * 4 + [160]
    assert max(len(str(request)) for request in bench.recorder.asked) < 20_000


def test_a_signal_that_appears_later_begins_the_estimate_anew(bench):
    bench.signals.n = 3
    bench.loop.turn()
    bench.signals.roles, bench.signals.n = ("eeg", "chin"), 4
    bench.loop.turn()
    assert bench.signals.reads == [0, 1, 2, 0, 1, 2, 3]
    assert bench.model.roles == ("eeg", "chin")
    assert numbers(bench.recorder.asked[-1]) == [3]
