"""The estimate of a night so far: epoch by epoch or all at once, and what a bad epoch does to others."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from monitor.staging.epoch_signal import EPOCH_N, EpochSignal, missing_epoch
from monitor.staging.estimator import CLASSES, RunningEstimate

N = 12


class Moving:
    """An estimator whose features need the neighbours, as a filter does: sleep is where it is loud."""

    roles = ("eeg", "chin")

    def features(self, uv):
        smooth = np.stack([np.convolve(row, np.ones(401) / 401, mode="same") for row in uv])
        return smooth.reshape(len(uv), -1, EPOCH_N).mean(axis=2).T

    def probabilities(self, features, used, planned_s):
        self.features_seen, self.used_seen = features, used
        rows = np.zeros((len(features), len(CLASSES)))
        rows[:, CLASSES.index("N2")] = np.clip(features[:, 0] / 100, 0, 1)
        rows[:, CLASSES.index("W")] = 1 - rows[:, CLASSES.index("N2")]
        rows[~used[:, 0]] = np.nan
        return rows


def epochs(levels, bad=()):
    made = []
    for i, level in enumerate(levels):
        eeg = EpochSignal(np.full(EPOCH_N, 1e9), "saturated") if i in bad else flat(level)
        made.append({"eeg": eeg, "chin": flat(1.0)})
    return made


def flat(level):
    return EpochSignal(np.full(EPOCH_N, float(level)))


def estimated(parts):
    model = Moving()
    night = RunningEstimate(model, 8 * 3600.0)
    for part in parts:
        night.add(part)
    return night.estimate(), model


@given(cuts=st.sets(st.integers(1, N - 1)), bad=st.sets(st.integers(0, N - 1), max_size=4))
@examples(40)
def test_epoch_by_epoch_or_all_at_once_gives_the_same(cuts, bad):
    all_epochs = epochs(np.linspace(10, 90, N), bad)
    edges = [0, *sorted(cuts), N]
    parts = [all_epochs[a:b] for a, b in pairwise(edges)]
    whole, of_whole = estimated([all_epochs])
    cut, of_cut = estimated(parts)
    assert [e.stage for e in cut] == [e.stage for e in whole]
    good = [i for i in range(N) if not {i - 1, i, i + 1} & bad]
    assert np.allclose(of_cut.features_seen[good], of_whole.features_seen[good])


def test_a_bad_epoch_is_unscored_says_why_and_spoils_no_other():
    spoiled, _ = estimated([epochs([80] * N, bad={5})])
    assert [e.stage for e in spoiled] == ["N2"] * 5 + ["unscored"] + ["N2"] * 6
    assert spoiled[5].why == "saturated EEG"
    assert spoiled[5].p_sleep is None
    assert [e.p_sleep for e in spoiled if e.p_sleep is not None] == pytest.approx([0.8] * 11, abs=0.05)


def test_a_night_without_any_good_eeg_is_unscored_throughout():
    found, _ = estimated([[{"chin": flat(1.0)}, {"eeg": missing_epoch(), "chin": flat(1.0)}]])
    assert [(e.stage, e.why) for e in found] == [("unscored", "missing EEG")] * 2


def test_a_bad_second_signal_costs_only_itself():
    night = epochs([80] * N)
    night[3]["chin"] = EpochSignal(np.zeros(EPOCH_N), "flat")
    found, model = estimated([night])
    assert found[3].stage == "N2"
    assert model.used_seen[3].tolist() == [True, False]
    assert model.used_seen[4].tolist() == [True, True]


def test_an_epoch_is_asleep_from_one_half_on():
    found, _ = estimated([epochs([49, 49, 49, 51, 51, 51])])
    assert [e.stage for e in found] == ["W"] * 3 + ["N2"] * 3
    assert estimated([])[0] == []
