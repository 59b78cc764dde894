"""Sleep stages where nobody scores them: estimated from EEG, EOG and chin EMG."""

from __future__ import annotations

import importlib.util


def is_installed() -> bool:
    """Say whether the optional extra ``staging`` is there, without loading it."""
    return importlib.util.find_spec("yasa") is not None
