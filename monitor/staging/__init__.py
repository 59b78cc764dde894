"""Sleep stages of unscored recordings: estimated from EEG, EOG and chin EMG."""

from __future__ import annotations

import importlib.util


def is_installed() -> bool:
    """Return whether the optional extra ``staging`` is installed, without loading it."""
    return importlib.util.find_spec("yasa") is not None
