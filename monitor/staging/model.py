"""The classifier: YASA's features of each epoch, its smoothing, its trees. The only importer of YASA.

Notes
-----
Vallat and Walker (2021), eLife 10:e70092. Two things differ from `yasa.SleepStaging.predict`. The features of
an epoch are computed once, when its right neighbour is there, and stored: only smoothing and trees run on the
whole recording again. The time feature is time over the planned length: over the time so far, as in YASA,
every live edge would look like the end of the recording.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.model.config_fields import Role
from monitor.model.errors import MissingError
from monitor.staging.epoch_signal import EPOCH_S, RATE_HZ
from monitor.staging.estimator import CLASSES

_YASA_NAMES: Mapping[Role, str] = {"eeg": "eeg", "eog": "eog", "chin": "emg"}
_VERSION = "0.5.0"
_HOUR_S = 3600.0

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Model:
    """Features and classifiers for a set of signals.

    Parameters
    ----------
    roles : sequence of Role
        The available signals; the first is the EEG.

    Raises
    ------
    MissingError
        If YASA, or a library it links to, is not there.
    """

    def __init__(self, roles: Sequence[Role]) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import mne
                import pandas as pd
                import yasa
        except (ImportError, OSError) as err:
            problem = f"stages cannot be estimated without the optional extra 'staging' ({err})"
            raise MissingError(f"{problem}; to install it, see `plms-monitor guide staging`") from err
        logging.getLogger("yasa").setLevel(logging.ERROR)
        self._mne, self._pd, self._yasa = mne, pd, yasa
        self.roles = tuple(roles)
        self.columns: list[str] = []
        self._trees: dict[frozenset[Role], Any] = {}

    def warm_up(self) -> None:
        """Load and compile everything, so that the first epoch does not wait."""
        noise = np.random.default_rng(0).normal(0, 20, (len(self.roles), 3 * int(EPOCH_S) * RATE_HZ))
        features = self.features(noise)
        used = np.ones((len(features), len(self.roles)), np.bool_)
        self.probabilities(features, used, planned_s=8 * _HOUR_S)

    def features(self, uv: Floats) -> Floats:
        """Make the features of epochs that follow each other.

        Parameters
        ----------
        uv : ndarray, shape (n_roles, n_epochs * 3000), float64, uV
            Whole epochs at 100 Hz. The outermost have no neighbour to be filtered with.

        Returns
        -------
        ndarray, shape (n_epochs, n_features), float64
            Named by `columns`.
        """
        names = [_YASA_NAMES[role] for role in self.roles]
        info = self._mne.create_info(names, RATE_HZ, names, verbose=False)
        raw = self._mne.io.RawArray(uv * 1e-6, info, verbose=False)
        others = {f"{name}_name": name for name in names[1:]}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = self._yasa.SleepStaging(raw, names[0], **others).fit().get_features()
        found = found[[c for c in found if not c.endswith("_norm") and not c.startswith("time_")]]
        self.columns = list(found)
        values: Floats = found.to_numpy(np.float64)
        return values

    def probabilities(self, features: Floats, used: Bools, planned_s: float) -> Floats:
        """Estimate every epoch of the recording so far.

        Parameters
        ----------
        features : ndarray, shape (n_epochs, n_features), float64
            What `features` returned, one row for each epoch from the start.
        used : ndarray, shape (n_epochs, n_roles), bool
            Which signals were good; what was not is left out of smoothing and scaling as well.
        planned_s : float
            Planned length of the recording; a longer recording uses its own length.

        Returns
        -------
        ndarray, shape (n_epochs, 5), float64
            By `CLASSES`; NaN where the EEG was not good.
        """
        found = np.full((len(features), len(CLASSES)), np.nan)
        table = self._table(features, used, planned_s)
        for pattern in np.unique(used[used[:, 0]], axis=0):
            rows = (used == pattern).all(axis=1)
            roles = frozenset(role for role, is_good in zip(self.roles, pattern, strict=True) if is_good)
            trees = self._classifier(roles)
            inputs = table.loc[rows, trees.feature_name_]
            found[rows] = trees.booster_.predict(inputs, num_threads=1)
        return found

    def _table(self, features: Floats, used: Bools, planned_s: float) -> Any:
        """Smooth and scale as YASA does, over what was good."""
        from sklearn.preprocessing import robust_scale

        kept = features.copy()
        for i, role in enumerate(self.roles):
            mine = np.array([c.startswith(_YASA_NAMES[role] + "_") for c in self.columns], np.bool_)
            kept[np.ix_(~used[:, i], mine)] = np.nan
        raw = self._pd.DataFrame(kept, columns=self.columns)
        centred = raw.rolling(window=15, center=True, min_periods=1, win_type="triang").mean()
        past = raw.rolling(window=4, min_periods=1).mean()
        with warnings.catch_warnings():
            # A signal that was never good has no scale; nothing asks for it.
            warnings.simplefilter("ignore")
            for smooth in (centred, past):
                smooth[smooth.columns] = robust_scale(smooth, quantile_range=(5, 95))
        t_s = np.arange(len(raw)) * EPOCH_S
        times = {"time_hour": t_s / _HOUR_S, "time_norm": t_s / max(planned_s, float(t_s[-1]), EPOCH_S)}
        parts = (raw, centred.add_suffix("_c7min_norm"), past.add_suffix("_p2min_norm"))
        table = self._pd.concat([*parts, self._pd.DataFrame(times)], axis=1)
        return table.astype(np.float32)

    def _classifier(self, roles: frozenset[Role]) -> Any:
        """Load the trees for these signals, from the installed package only: they are pickles."""
        if roles not in self._trees:
            import joblib

            names = "+".join(_YASA_NAMES[role] for role in self.roles if role in roles)
            folder = Path(self._yasa.__file__).parent / "classifiers"
            with warnings.catch_warnings():
                # Their label encoder was saved by an older scikit-learn; it is not used here.
                warnings.simplefilter("ignore")
                trees = joblib.load(folder / f"clf_{names}_lgb_{_VERSION}.joblib")
            if tuple(trees.classes_) != CLASSES:
                raise ValueError(f"the classifier for {names} knows {trees.classes_}, expected {CLASSES}")
            self._trees[roles] = trees
        return self._trees[roles]
