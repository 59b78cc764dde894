"""The simulated sleep channels: the same however they are cut, made of the stages, named as simulated."""

from itertools import pairwise

import numpy as np
import pytest

from monitor.simulator.amplifier import AmplifierSettings, amplifier_headers
from monitor.simulator.schedule import Schedule
from monitor.simulator.sleep_signals import SLEEP_CHANNELS, SleepSignals

RATE_HZ = 200.0


def power(signals, stage, schedule):
    """Return the RMS of EEG, EOG and chin in the first epochs of a stage."""
    numbers = [i for i in range(900) if schedule.stage_at(30.0 * i + 15) == stage][:6]
    parts = [signals.read(round(30 * i * RATE_HZ), round(30 * RATE_HZ)) for i in numbers]
    return np.sqrt(np.mean(np.concatenate(parts) ** 2, axis=0))


@pytest.mark.parametrize("start_n", [0, 1234])
def test_it_is_the_same_however_it_is_cut(start_n):
    schedule = Schedule(3, "demo")
    whole = SleepSignals(schedule, RATE_HZ).read(start_n, 3000)
    cut = SleepSignals(schedule, RATE_HZ)
    edges = [0, 1, 8, 700, 701, 2500, 3000]
    parts = [cut.read(start_n + a, b - a) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.isfinite(whole).all()


def test_stages_differ_as_they_do_in_sleepers():
    schedule = Schedule(2, "night")
    signals = SleepSignals(schedule, RATE_HZ)
    wake, deep, rem = (power(signals, stage, schedule) for stage in ("W", "N3", "R"))
    assert deep[0] > 1.5 * wake[0]
    assert wake[2] > 3 * rem[2]
    assert rem[1] > 0.5 * deep[1]


def test_the_schedule_knows_the_stage_of_every_moment():
    schedule = Schedule(2, "night")
    marks = [m for m in schedule.marks() if m.kind in ("W", "N1", "N2", "N3", "R")]
    assert len(marks) == 960
    assert all(schedule.stage_at(m.onset_s) == schedule.stage_at(m.onset_s + 29.9) == m.kind for m in marks)
    assert schedule.stage_at(-1.0) == schedule.stage_at(schedule.duration_s) == "W"


def test_they_are_sent_on_request_only_and_their_names_say_simulated():
    assert len(amplifier_headers(AmplifierSettings())[0].channels) == 3
    header = amplifier_headers(AmplifierSettings(eeg=True))[0]
    assert header.simulated
    assert header.channels[3:] == SLEEP_CHANNELS
    assert all(channel.label.startswith("sim ") for channel in SLEEP_CHANNELS)
    plain, more = (AmplifierSettings(eeg=eeg).generator().read(0, 100) for eeg in (False, True))
    assert more.shape == (100, 6)
    assert np.array_equal(more[:, :3], plain)
