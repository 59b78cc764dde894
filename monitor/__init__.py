"""PLMS Monitor: live scoring of periodic limb movements from a running sleep recording.

In a notebook: ``from monitor import read_session``. `monitor.api` has all public functions.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    # Imported on first access: `stop` and the window need neither the compiler nor the file readers.
    if not name.startswith("_"):
        api = importlib.import_module("monitor.api")
        if name in api.__all__:
            return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
