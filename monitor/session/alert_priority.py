"""Priorities of alerts: apart from their types, because a window that makes a sound loads them first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Priority = Literal["high", "medium", "low"]
RANK: Mapping[Priority, int] = {"high": 0, "medium": 1, "low": 2}
