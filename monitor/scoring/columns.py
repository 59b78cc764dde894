"""Results as columns, and as a data frame of pandas if it is installed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from monitor.model.errors import MissingError

if TYPE_CHECKING:
    from monitor.scoring.inputs import Night
    from monitor.scoring.result import Score

Columns = dict[str, npt.NDArray[Any]]


def movement_columns(night: Night) -> Columns:
    """Return the movements of single legs by onset; see `monitor.movements_table`."""
    rows = sorted(night.movements, key=lambda m: (m.onset_us, m.leg))
    return {
        "onset": np.array([m.onset_us / 1e6 for m in rows], np.float64),
        "duration": np.array([(m.end_us - m.onset_us) / 1e6 for m in rows], np.float64),
        "leg": np.array([m.leg for m in rows], np.str_),
        "peak_uv": np.array([np.nan if m.peak_uv is None else m.peak_uv for m in rows], np.float64),
        "resting_uv": np.array([np.nan if m.resting_uv is None else m.resting_uv for m in rows], np.float64),
    }


def event_columns(scored: Score) -> Columns:
    """Return the movements after the legs were combined, by onset; see `monitor.events_table`."""
    rows = scored.lms
    return {
        "onset": np.array([lm.onset_us / 1e6 for lm in rows], np.float64),
        "duration": np.array([(lm.end_us - lm.onset_us) / 1e6 for lm in rows], np.float64),
        "leg": np.array([lm.leg for lm in rows], np.str_),
        "parts": np.array([lm.parts for lm in rows], np.int64),
        "candidate": np.array([lm.candidate for lm in rows], np.bool_),
        "plm": np.array([lm.plm for lm in rows], np.bool_),
        "series": np.array([lm.series or 0 for lm in rows], np.int64),
        "imi": np.array([np.nan if lm.imi_us is None else lm.imi_us / 1e6 for lm in rows], np.float64),
        "stage": np.array([lm.stage or "" for lm in rows], np.str_),
        "respiratory": np.array([lm.respiratory for lm in rows], np.bool_),
        "arousal": np.array([lm.arousal for lm in rows], np.bool_),
        "reason": np.array([lm.reason for lm in rows], np.str_),
    }


def data_frame(columns: Mapping[str, Any]) -> Any:
    """Return columns as ``pandas.DataFrame``.

    Raises
    ------
    MissingError
        If pandas is not installed.
    """
    try:
        # By name: nothing here depends on pandas, and a live recording never loads it.
        pandas = importlib.import_module("pandas")
    except ImportError as error:
        raise MissingError("a data frame needs pandas, which is not installed: pip install pandas") from error
    return pandas.DataFrame({name: list(values) for name, values in columns.items()})
