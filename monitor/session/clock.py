"""The one place that reads the wall clock: records that tie LSL seconds to UTC."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def utc_now() -> dt.datetime:
    """Return the wall time in UTC."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251


def clock_record(lsl_now_s: float, recorded_s: float, origin_s: float | None) -> dict[str, Any]:
    """Make the keys of a ``clock`` fact.

    Parameters
    ----------
    lsl_now_s : float
        This machine's LSL clock now.
    recorded_s : float
        How far the recording has come on the session's timeline.
    origin_s : float or None
        This machine's LSL clock at 0 of the session's timeline, None before the first sample.

    Notes
    -----
    The LSL clock restarts with the machine, so the boot id says whether two records may be compared.
    """
    now = utc_now()
    local = now.astimezone()
    return {
        "utc": now.isoformat(timespec="milliseconds"),
        "zone": local.strftime("%z"),
        "lsl": lsl_now_s,
        "origin": origin_s,
        "boot_id": boot_id(),
        "recorded_s": recorded_s,
    }


def boot_id() -> str:
    """Return what names this run of the machine; empty where the system does not tell."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
