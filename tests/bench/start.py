"""How long the program takes to start, seen from outside: run by hand on Linux with Xvfb.

    python tests/bench/start.py [--runs 8] [--cold] [--beside ANOTHER-CHECKOUT]

Starts ``demo`` on a screen of its own, whose picture is in a file, and looks at that picture and at the
session folder. A window counts once its ground is painted, the trace once both legs are drawn behind the
cursor, a sample once the detector has given it a level. Processor time is that of all processes of
the demonstration. The starts alternate with those of another checkout of the program or, without one, with a
Python that loads NumPy and Qt's widgets: ratios of neighbours mean something on a busy computer too.
"""

import argparse
import os
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil

from monitor.dashboard.theme import NIGHT
from monitor.model.errors import MonitorError
from monitor.session.signal.live_ring import LiveRing

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ("-c", "import numpy, PySide6.QtWidgets")
_LATE_S, _TURN_S = 600.0, 0.01
# A window covers this share of the screen, the cursor of the trace this share of its height.
_WINDOW, _CURSOR = 0.1, 0.3
_BEHIND_PX = 20


class Screen:
    """The picture of an X server: rows of pixels, 0xRRGGBB, as they are now."""

    def __init__(self, file):
        whole = np.memmap(file, np.uint8, "r")
        # An X window dump: a header of big-endian numbers, a table of colours, the pixels.
        header = struct.unpack(">25I", whole[:100].tobytes())
        width, height, line_bytes, colours_n = header[4], header[5], header[12], header[19]
        pixels = whole[header[0] + 12 * colours_n :][: line_bytes * height].view(np.uint32)
        self._pixels = pixels.reshape(height, -1)[:, :width]

    def has_window(self):
        return is_of(self._pixels[::16, ::16], NIGHT.ground).mean() > _WINDOW

    def has_trace(self):
        cursors = np.flatnonzero(is_of(self._pixels[::16], NIGHT.text).mean(axis=0) > _CURSOR)
        behind = [self._pixels[:, max(0, at - _BEHIND_PX) : at] for at in cursors]
        return any(all(is_of(part, NIGHT.leg(leg)).any() for leg in ("left", "right")) for part in behind)


def is_of(pixels, colour):
    return (pixels & 0xFFFFFF) == int(colour[1:], 16)


@contextmanager
def x_server():
    """Start an X server; give its display and its picture."""
    with tempfile.TemporaryDirectory() as folder:
        read, write = os.pipe()
        screen = ("-screen", "0", "1366x768x24", "-fbdir", folder)
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), *screen, "-nolisten", "tcp", "-noreset"],
            pass_fds=(write,),
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        try:
            with os.fdopen(read) as answer:
                display = f":{answer.readline().strip()}"
            yield display, Screen(next(Path(folder).iterdir()))
        finally:
            server.terminate()
            server.wait()


class Place:
    """A checkout of the program, with settings of its own and, for cold starts, its own cache of kernels."""

    def __init__(self, checkout, folder, display, *, is_cold):
        self.kernels, self.settings = folder / "kernels", folder / "settings"
        self.sessions = folder / "sessions"
        # An installed program has its bytecode; a setting of the shell may say not to write it.
        left_out = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "PYTHONDONTWRITEBYTECODE")
        self.environment = {k: v for k, v in os.environ.items() if k not in left_out} | {
            "DISPLAY": display,
            "PYTHONPATH": str(checkout),
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
            "XDG_CONFIG_HOME": str(self.settings),
        }
        if is_cold:
            self.environment["NUMBA_CACHE_DIR"] = str(self.kernels)

    def empty(self):
        """Delete its own kernels, if it has any."""
        for file in sorted(self.kernels.rglob("*"), reverse=True):
            file.unlink() if file.is_file() else file.rmdir()

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=self.environment["PYTHONPATH"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def short_run(place, *arguments):
    """Run to the end; return elapsed and processor time (s)."""
    begun_s = time.monotonic()
    _, status, used = os.wait4(place.start(*arguments).pid, 0)
    if status:
        raise SystemExit(f"{arguments} ended with status {status}")
    return time.monotonic() - begun_s, used.ru_utime + used.ru_stime


def has_level(sessions):
    """Whether the detector has processed a sample of the only session."""
    for file in sessions.glob("*/live-*.ring"):
        with suppress(MonitorError, OSError):
            return bool(np.isfinite(LiveRing.open(file).read_last(3.0)[1][:, 2]).any())
    return False


def processes_of(demo):
    with suppress(psutil.NoSuchProcess):
        return [psutil.Process(demo.pid), *psutil.Process(demo.pid).children(recursive=True)]
    return []


def cpu_s(processes):
    used = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:4])
    return used


def start_demo(place, screen):
    """Start the demonstration and end it; return its moments (s after the start) and processor times (s)."""
    with tempfile.TemporaryDirectory(dir=place.sessions.parent) as folder:
        place.sessions = Path(folder)
        begun_s = time.monotonic()
        demo = place.start("-m", "monitor", "demo", "--sessions", folder)
        looks = {
            "window": screen.has_window,
            "trace": screen.has_trace,
            "level": lambda: has_level(place.sessions),
        }
        found, processes = {}, []
        try:
            while looks:
                for name in [name for name, look in looks.items() if look()]:
                    del looks[name]
                    found[f"{name} shown" if name != "level" else "first level"] = time.monotonic() - begun_s
                    processes = processes_of(demo)
                    found[f"  processor until the {name}"] = cpu_s(processes)
                if demo.poll() is not None or time.monotonic() - begun_s > _LATE_S:
                    raise SystemExit(f"no {' or '.join(looks)}; the demonstration: {demo.poll()}")
                time.sleep(_TURN_S)
        finally:
            end(demo, processes_of(demo))
    return found


def end(demo, processes):
    """End the demonstration, and its window, which would stay open."""
    demo.terminate()
    demo.wait()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes)


def measured(place, screen):
    elapsed_s, used_s = short_run(place, "-m", "monitor", "--help")
    place.empty()
    return {"--help": elapsed_s, "  processor": used_s} | start_demo(place, screen)


def report(names, rows):
    """Write the median and the range of each moment, and the median of the ratios of neighbours."""
    first, second = names
    sys.stdout.write(f"{'seconds, median (range)':34}{first:>24}{second:>24}{'ratio':>8}\n")
    for what in rows[0][0]:
        pairs = [(one[what], other.get(what, other.get("reference"))) for one, other in rows]
        cells = ""
        for values in zip(*pairs, strict=True):
            spread = f"{min(values):.2f}-{max(values):.2f}"
            cells += f"{statistics.median(values):>11.2f} ({spread:>10})"
        ratio = statistics.median(one / other for one, other in pairs)
        sys.stdout.write(f"{what:34}{cells}{ratio:>8.2f}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=8, help="starts of each (default: 8)")
    parser.add_argument("--cold", action="store_true", help="without compiled kernels")
    parser.add_argument("--beside", type=Path, help="another checkout, started in turns with this one")
    given = parser.parse_args()
    # Then too the demonstration is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with x_server() as (display, screen), tempfile.TemporaryDirectory() as folder:
        checkouts = [ROOT] if given.beside is None else [ROOT, given.beside.resolve()]
        places = []
        for i, checkout in enumerate(checkouts):
            (Path(folder) / str(i)).mkdir()
            places.append(Place(checkout, Path(folder) / str(i), display, is_cold=given.cold))
            # The first start writes bytecode and kernels.
            measured(places[-1], screen)
        rows = []
        for _ in range(given.runs):
            row = [measured(place, screen) for place in places]
            if given.beside is None:
                row.append({"reference": short_run(places[0], *REFERENCE)[0]})
            rows.append(row)
            shown = "; ".join(", ".join(f"{value:.2f}" for value in each.values()) for each in row)
            sys.stdout.write(f"load {os.getloadavg()[0]:.1f}: {shown}\n")
            sys.stdout.flush()
    report(("this", "reference" if given.beside is None else "beside"), rows)


if __name__ == "__main__":
    main()
