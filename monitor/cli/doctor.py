"""The command ``doctor``: check whether this computer can record."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from monitor.cli.limits import require_limits
from monitor.model.clock import boot_id, utc_now
from monitor.model.errors import MissingError
from monitor.recorder.sleep_inhibitor import sleep_inhibited
from monitor.session.folder import default_sessions_dir

# Free space that a recording needs.
NIGHT_BYTES = 2 << 30
_SLOW_SYNC_S = 0.5
_SYNCS = 10
_SPEED_BYTES = 16 << 20
_SLOW_MB_S = 5.0
_EARLIEST_YEAR = 2025
_ASK_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes
    ----------
    good : bool
    needed : bool
        Recording is impossible without it.
    text : str
        The finding and what to do.
    """

    good: bool
    needed: bool
    text: str


@click.command()
@click.option(
    "--sessions", type=click.Path(path_type=Path), metavar="DIR", help="Folder for session folders."
)
def doctor(sessions: Path | None) -> None:
    """Check whether this computer can record.

    Tests network, LSL, detector, disk, clock, window, sound, sleep inhibition and the staging extra. The exit
    code is 0 if recording is possible.
    """
    folder = sessions or default_sessions_dir()
    checks: dict[str, Callable[[], Finding]] = {
        "Limits": _limits,
        "Network": check_network,
        "LSL": _lsl,
        "Detector": _compiler,
        "Disk": lambda: check_disk(folder),
        "Clock": check_clock,
        "Window": _window,
        "Sound": _sound,
        "Sleep": _sleep,
        "Staging": check_staging,
    }
    able = True
    for name, check in checks.items():
        found = check()
        able = able and (found.good or not found.needed)
        mark = "ok" if found.good else "MISSING" if found.needed else "note"
        click.echo(f"{name:<9} {mark:<8} {found.text}")
    if not able:
        raise MissingError("This computer cannot record yet.")
    click.echo("This computer can record.")


def _limits() -> Finding:
    try:
        require_limits()
    except MissingError as err:
        return Finding(False, True, str(err).removesuffix("."))
    return Finding(True, True, "enough files, threads and memory may be used")


def _lsl() -> Finding:
    """Send samples over loopback, isolated from all other streams."""
    from monitor.lsl.library import use_loopback
    from monitor.lsl.probe import probe_beside

    use_loopback()
    found = probe_beside()
    if found.delay_ms is None:
        return Finding(False, True, f"{found.reason}; check whether a firewall blocks UDP on loopback")
    return Finding(True, True, f"sample latency {found.delay_ms:.2f} ms (liblsl {found.library})")


def check_network() -> Finding:
    """Search for a stream as `watch` does, under the LSL configuration in use; no recording needs it."""
    from monitor.lsl.library import CONFIG_VARIABLE
    from monitor.lsl.probe import probe_beside

    path = os.environ.get(CONFIG_VARIABLE, "")
    where = f"with {path}" if path else "with LSL's default settings (multicast)"
    if path and not Path(path).is_file():
        return Finding(False, False, f"{CONFIG_VARIABLE} is {path}: this file does not exist")
    found = probe_beside()
    if found.delay_ms is None:
        remedy = "check the firewall (UDP 16571, multicast) or enter the amplifier's computer in KnownPeers"
        said = (f"{found.reason} {where}", remedy, found.security)
        return Finding(False, False, "; ".join(filter(None, said)))
    said = (f"found a stream of this computer {where}", _known_peers(path), found.security)
    return Finding("NOT encrypted" not in found.security, False, "; ".join(filter(None, said)))


def _known_peers(path: str) -> str:
    if not path:
        return ""
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    peers = [line.partition("=")[2].strip() for line in lines if line.strip().startswith("KnownPeers")]
    return f"known peers {peers[-1]}" if peers else ""


def _compiler() -> Finding:
    import dsp

    begun = time.monotonic()
    try:
        dsp.warm_up()
    except dsp.CompilationError as err:
        return Finding(False, True, str(err).removesuffix("."))
    cache = dsp.cache_report
    text = " ".join([f"compiled and ready in {time.monotonic() - begun:.1f} s.", *cache.notes()])
    return Finding(cache.folder is not None and not cache.unsaved, False, text.removesuffix("."))


def check_disk(folder: Path) -> Finding:
    """Check that session folders can be written, with room for a night and without slow syncs.

    Parameters
    ----------
    folder : Path
        Parent of the session folders; created if it does not exist.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        slowest_s = _slowest_sync_s(folder)
        speed = _write_mb_s(folder) if free > 2 * _SPEED_BYTES else 0.0
    except OSError as err:
        return Finding(
            False,
            True,
            f"{folder} cannot be written to ({err.strerror}); choose another folder with --sessions",
        )
    text = f"{free / 2**30:.1f} GiB free in {folder}, slowest sync {1e3 * slowest_s:.0f} ms, {speed:.0f} MB/s"
    if free < NIGHT_BYTES:
        return Finding(False, True, f"{text}; a recording needs {NIGHT_BYTES / 2**30:.0f} GiB")
    return Finding(slowest_s < _SLOW_SYNC_S and speed > _SLOW_MB_S, False, text)


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


def _write_mb_s(folder: Path) -> float:
    with tempfile.TemporaryFile(dir=folder) as file:
        begun = time.monotonic()
        file.write(os.urandom(_SPEED_BYTES))
        file.flush()
        os.fsync(file.fileno())
        return _SPEED_BYTES / 2**20 / (time.monotonic() - begun)


def check_clock() -> Finding:
    """Check that the date is plausible and that the clock is synchronised; no recording needs it."""
    now = utc_now()
    if now.year < _EARLIEST_YEAR:
        return Finding(
            False, False, f"the date is {now:%Y-%m-%d}: set the clock, the log contains wall times"
        )
    known = "" if boot_id() else "; this system has no boot id, so a restart is not detected"
    text = f"{now:%Y-%m-%d %H:%M} UTC{known}"
    synchronised = _ask("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if synchronised == "no":
        return Finding(False, False, f"{text}; not synchronised (NTP): compare it with another clock")
    return Finding(True, False, text + ("; synchronised (NTP)" if synchronised == "yes" else ""))


def _window() -> Finding:
    if importlib.util.find_spec("PySide6") is None:
        return Finding(
            False, False, "Qt (PySide6) is not installed; recording is possible without a window (--headless)"
        )
    from monitor.dashboard.shell.display import why_no_window

    reason = why_no_window()
    return Finding(not reason, False, reason or "a window can be opened")


def _sound() -> Finding:
    from monitor.dashboard.viewmodel.sound import try_device

    state = try_device()
    return Finding(
        bool(state.works), False, state.text if state.works else f"{state.text}: alerts are visible only"
    )


def _sleep() -> Finding:
    """Inhibit sleep for a moment, as a recording does."""
    if _ask("systemctl", "is-enabled", "sleep.target") == "masked":
        return Finding(True, False, "this computer never sleeps (sleep.target is masked)")
    messages: list[str] = []
    refused = threading.Event()

    def collect(text: str) -> None:
        messages.append(text)
        refused.set()

    with sleep_inhibited("testing", collect):
        refused.wait(1.0)
    return Finding(not messages, False, messages[0] if messages else "sleep is inhibited during a recording")


def _ask(*command: str) -> str:
    """Return the output of a system command, empty if the command does not exist."""
    if sys.platform == "win32" or shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def check_staging() -> Finding:
    """Check the extra that estimates sleep stages, and load the library that needs a system library."""
    from monitor.staging import is_installed

    if not is_installed():
        remedy = "to install it, see `plms-monitor guide staging`"
        return Finding(
            False, False, f"sleep stages are not estimated: the extra 'staging' is not installed; {remedy}"
        )
    try:
        importlib.import_module("lightgbm")
    except (ImportError, OSError) as err:
        return Finding(
            False, False, f"sleep stages are not estimated ({err}); on Debian: apt-get install libgomp1"
        )
    return Finding(True, False, "sleep stages can be estimated from streams with an EEG")
