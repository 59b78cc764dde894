"""The classifier as YASA has it, but for what is meant to differ. Skipped without the extra ``staging``."""

import logging
import warnings

import numpy as np
import pytest

from monitor.simulator.schedule import Schedule
from monitor.simulator.sleep_signals import SleepSignals
from monitor.staging import is_installed
from monitor.staging.epoch_signal import EPOCH_N, EpochSignal, read_epoch
from monitor.staging.estimator import RunningEstimate
from monitor.staging.model import Model

pytestmark = pytest.mark.skipif(not is_installed(), reason="the extra 'staging' is not installed")

ROLES = ("eeg", "eog", "chin")
N = 60


@pytest.fixture(scope="module")
def uv():
    """An hour and a half from the middle of a simulated night, every third epoch of it: all stages."""
    signals = SleepSignals(Schedule(4, "night"), 100.0)
    return np.concatenate([signals.read(3 * i * EPOCH_N, EPOCH_N).T for i in range(N)], axis=1)


@pytest.fixture(scope="module")
def model():
    return Model(ROLES)


def epochs(uv, roles=ROLES):
    parts = np.split(uv, uv.shape[1] // EPOCH_N, axis=1)
    return [{role: EpochSignal(row) for role, row in zip(roles, part, strict=True)} for part in parts]


def yasas_own(uv):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mne
        import yasa

        logging.getLogger("yasa").setLevel(logging.ERROR)
        info = mne.create_info(["eeg", "eog", "emg"], 100, ["eeg", "eog", "emg"], verbose=False)
        raw = mne.io.RawArray(uv * 1e-6, info, verbose=False)
        return yasa.SleepStaging(raw, "eeg", eog_name="eog", emg_name="emg").predict()


def test_over_a_whole_night_it_is_yasas_own_answer_however_the_epochs_came(uv, model):
    # A planned length below that of the night is the night's own: then nothing differs from YASA.
    night = RunningEstimate(model, planned_s=1.0)
    rng, rest = np.random.default_rng(1), epochs(uv)
    while rest:
        n = int(rng.integers(1, 5))
        night.add(rest[:n])
        rest = rest[n:]
    ours, yasas = night.estimate(), yasas_own(uv)
    assert np.abs(np.array([e.p_sleep for e in ours]) - (1 - yasas.proba["WAKE"])).max() < 0.02
    names = {"WAKE": "W", "REM": "R"}
    same = [e.stage == names.get(stage, stage) for e, stage in zip(ours, yasas.hypno, strict=True)]
    assert np.mean(same) >= 0.95


def test_where_in_the_planned_night_an_epoch_lies_matters(uv, model):
    found = []
    for planned_h in (0.5, 8.0):
        night = RunningEstimate(model, planned_h * 3600)
        night.add(epochs(uv))
        found.append([e.p_sleep for e in night.estimate()])
    assert np.abs(np.subtract(*found)).max() > 0.01


def test_a_flat_half_hour_is_unscored_and_no_rem(uv, model):
    night = RunningEstimate(model, 8 * 3600.0)
    night.add(epochs(uv[:, : 10 * EPOCH_N]))
    t_s = np.arange(-100, 3100) / 100
    night.add([{role: read_epoch(t_s, np.zeros(len(t_s)), 100.0, 0.0, role) for role in ROLES}] * 60)
    night.add(epochs(uv[:, 10 * EPOCH_N :]))
    found = night.estimate()
    assert [(e.stage, e.p_sleep, e.why) for e in found[10:70]] == [("unscored", None, "flat EEG")] * 60
    assert "unscored" not in {e.stage for e in found[:10] + found[70:]}


def test_a_bad_eog_costs_itself_alone(uv, model):
    whole, without = RunningEstimate(model, 8 * 3600.0), RunningEstimate(model, 8 * 3600.0)
    whole.add(epochs(uv))
    spoiled = epochs(uv)
    for epoch in spoiled[20:40]:
        epoch["eog"] = EpochSignal(np.zeros(EPOCH_N), "flat")
    without.add(spoiled)
    pairs = list(zip(whole.estimate(), without.estimate(), strict=True))
    assert all(b.stage != "unscored" for _, b in pairs)
    assert np.mean([(a.stage == "W") == (b.stage == "W") for a, b in pairs]) >= 0.85


@pytest.mark.parametrize("n_roles", [1, 2])
def test_an_eeg_alone_is_enough(uv, n_roles):
    night = RunningEstimate(Model(ROLES[:n_roles]), 8 * 3600.0)
    night.add(epochs(uv[:n_roles], ROLES[:n_roles]))
    found = night.estimate()
    assert {e.stage for e in found} <= {"W", "N1", "N2", "N3", "R"}
    assert len({e.stage for e in found}) > 1
