"""The command ``doctor``: whether this machine can record a night."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from monitor.errors import MissingError, MonitorError
from monitor.session.clock import boot_id, utc_now
from monitor.session.folder import default_sessions_dir

_NIGHT_BYTES = 2 << 30
_SLOW_SYNC_S = 0.5
_SYNCS = 10
_EARLIEST_YEAR = 2025


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    good : bool
    needed : bool
        Without it no night can be recorded.
    text : str
        What was found, and the remedy.
    """

    good: bool
    needed: bool
    text: str


@click.command()
@click.option("--sessions", type=click.Path(path_type=Path), metavar="DIR", help="Where session folders go.")
def doctor(sessions: Path | None) -> None:
    """Test LSL, disk, clock, compiler and display; exit 0 if a night can be recorded here."""
    folder = sessions or default_sessions_dir()
    checks: dict[str, Callable[[], Finding]] = {
        "LSL": _lsl,
        "Detector": _compiler,
        "Disk": lambda: _disk(folder),
        "Clock": _clock,
        "Window": _window,
    }
    able = True
    for name, check in checks.items():
        found = check()
        able = able and (found.good or not found.needed)
        mark = "good" if found.good else "MISSING" if found.needed else "note"
        click.echo(f"{name:<9} {mark:<8} {found.text}")
    if not able:
        raise MissingError("A night cannot be recorded on this machine yet.")
    click.echo("A night can be recorded on this machine.")


def _lsl() -> Finding:
    """Send a sample through a real outlet and inlet on loopback."""
    from monitor.lsl.library import lsl, use_loopback
    from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet

    try:
        # A network of its own, so that no other stream is disturbed.
        use_loopback()
        pylsl = lsl()
    except MonitorError as err:
        return Finding(False, True, str(err))
    header = OutletHeader(
        "PLMS-Doctor", "Test", "plms-doctor", 0.0, "double64", (ChannelHeader("x", "", ""),)
    )
    with open_outlet(header) as outlet:
        found = pylsl.resolve_byprop("source_id", "plms-doctor", 1, 5.0)
        if not found:
            return Finding(
                False, True, "an outlet on this machine is not found; does a firewall block UDP on loopback?"
            )
        inlet = pylsl.StreamInlet(found[0], recover=False)
        inlet.open_stream(5.0)
        delays = []
        for _ in range(20):
            sent = pylsl.local_clock()
            outlet.push_sample([sent], sent)
            if inlet.pull_sample(1.0)[0] is None:
                return Finding(False, True, "a sample sent over loopback did not arrive")
            delays.append(pylsl.local_clock() - sent)
    middle_ms = 1e3 * sorted(delays)[len(delays) // 2]
    library = pylsl.library_info().split("/")[0][:60]
    return Finding(True, True, f"a sample takes {middle_ms:.2f} ms here ({library})")


def _compiler() -> Finding:
    import dsp

    begun = time.monotonic()
    dsp.warm_up()
    return Finding(True, True, f"compiled and ready in {time.monotonic() - begun:.1f} s")


def _disk(folder: Path) -> Finding:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        slowest_s = _slowest_sync_s(folder)
    except OSError as err:
        return Finding(
            False, True, f"{folder} cannot be written to ({err.strerror}); choose another with --sessions"
        )
    text = f"{free / 2**30:.1f} GiB free in {folder}, a fact is on disk within {1e3 * slowest_s:.0f} ms"
    if free < _NIGHT_BYTES:
        return Finding(False, True, f"{text}; a night wants {_NIGHT_BYTES / 2**30:.0f} GiB")
    return Finding(slowest_s < _SLOW_SYNC_S, False, text)


def _slowest_sync_s(folder: Path) -> float:
    slowest = 0.0
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            begun = time.monotonic()
            file.write(b"x" * 500)
            file.flush()
            os.fsync(file.fileno())
            slowest = max(slowest, time.monotonic() - begun)
            threading.Event().wait(0.01)
    return slowest


def _clock() -> Finding:
    now = utc_now()
    if now.year < _EARLIEST_YEAR:
        return Finding(False, False, f"it is set to {now:%Y-%m-%d}: set it, the log carries wall times")
    known = "" if boot_id() else "; this system does not tell a restart"
    return Finding(True, False, f"{now:%Y-%m-%d %H:%M} UTC{known}")


def _window() -> Finding:
    if importlib.util.find_spec("PySide6") is None:
        return Finding(
            False, False, "Qt (PySide6) is not installed; recording works without a window (--headless)"
        )
    from monitor.dashboard.display import why_no_window

    reason = why_no_window()
    return Finding(not reason, False, reason or "a window can be opened")
