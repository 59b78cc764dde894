"""How long a page turn takes in review, of a session and of an EDF and an XDF file.

``page_turn.py [--hours 12] [--n 100] [--at DIR]``.

From the key to the painted page, in a window at 30 frames a second: of the next pages in the middle of the
recording, and of jumps to any of its pages. The recording has 30 channels at 500 Hz, two of them legs. On a
busy machine the time of the processor says more: of all threads of the window, its other work included.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import psutil
from support.sessions import (
    FIRST_STAMP_S,
    anchor_fact,
    clock_fact,
    make_session,
    movement,
    quality,
    session_fact,
    stage,
    stream_fact,
)

from monitor.dashboard.shell.app import application
from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.viewmodel.file_review import FileReview
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.scoring_pipe import ScoringFollower, ScoringSender
from monitor.session.xdf import XdfWriter

RATE_HZ, CHANNELS_N, BLOCK_S, EVERY_S = 500, 30, 600, 24
LABELS = ["EMG LAT", "EMG RAT", *(f"Other {i}" for i in range(3, CHANNELS_N + 1))]


def block() -> np.ndarray:
    """Make ten minutes: noise, and a movement of both legs each 24 s (uV)."""
    made = np.random.default_rng(0).normal(0.0, 3.0, (BLOCK_S * RATE_HZ, CHANNELS_N))
    for onset_s in range(10, BLOCK_S - 5, EVERY_S):
        made[onset_s * RATE_HZ : (onset_s + 2) * RATE_HZ, :2] *= 25.0
    return made


def facts(hours: float, rate_hz: float = RATE_HZ) -> list[Fact]:
    """Return the journal of a finished night."""
    end_s = hours * 3600.0
    legs = [
        {"leg": leg, "channel": i, "label": LABELS[i], "unit": "uV", "scale_uv": 1.0, "how": "label"}
        for i, leg in enumerate(("left", "right"))
    ]
    channels = [[label, "uV", "EMG"] for label in LABELS]
    found = [session_fact(), clock_fact(0.0), stream_fact(rate_hz=rate_hz, channels=channels, legs=legs)]
    found += [anchor_fact(), quality(0.0, "left"), quality(0.0, "right")]
    onsets_s = [at_s + o for at_s in range(0, int(end_s), BLOCK_S) for o in range(10, BLOCK_S - 5, EVERY_S)]
    found += [movement(f"{'LR'[i % 2]}{i}", float(t_s)) for i, t_s in enumerate(onsets_s) if t_s < end_s - 5]
    found += [stage(float(at_s), "N2") for at_s in range(0, int(end_s), 30)]
    return [*found, Fact("stop", end_s, "recorder", {"reason": "test"})]


def session(path: Path, hours: float) -> SessionFolder:
    """Write the recording as a session."""
    folder = make_session(path, facts(hours))
    writer, rows = XdfWriter(folder.recording), block().astype(np.float32)
    writer.add_stream(1, "<info><name>Amp</name></info>", "float32", CHANNELS_N)
    step_n = RATE_HZ // 2
    for first in range(0, round(hours * 3600 * RATE_HZ), step_n):
        at = first % len(rows)
        stamps_s = FIRST_STAMP_S + (first + np.arange(step_n)) / RATE_HZ
        writer.samples(1, rows[at : at + step_n], stamps_s)
        if writer.held_bytes > 1 << 22:
            writer.sync()
    writer.close()
    return folder


def edf(path: Path, hours: float) -> Path:
    """Write the recording as EDF, a second in a record; in parts, so that it need not fit into memory."""

    def text(values: list[object], width: int) -> bytes:
        return b"".join(str(value).ljust(width).encode() for value in values)

    head = text(["0"], 8) + text(["X X X X", "Startdate 20-NOV-2026 X X X"], 80) + b"20.11.2622.15.30"
    head += text([256 * (CHANNELS_N + 1)], 8) + text([""], 44) + text([round(hours * 3600), 1], 8)
    head += text([CHANNELS_N], 4) + text(LABELS, 16) + text([""] * CHANNELS_N, 80)
    for each in ("uV", -500, 500, -32768, 32767):
        head += text([each] * CHANNELS_N, 8)
    head += text([""] * CHANNELS_N, 80) + text([RATE_HZ] * CHANNELS_N, 8) + text([""] * CHANNELS_N, 32)
    digital = np.round((block() + 500.0) / 1000.0 * 65535.0 - 32768.0).clip(-32768, 32767).astype("<i2")
    records = digital.reshape(BLOCK_S, RATE_HZ, CHANNELS_N).transpose(0, 2, 1).reshape(BLOCK_S, -1)
    with path.open("wb") as file:
        file.write(head)
        for first_s in range(0, round(hours * 3600), BLOCK_S):
            file.write(records[: round(hours * 3600) - first_s].tobytes())
    return path


def wait(is_true: Callable[[], bool]) -> float:
    """Let the window work until something is true; return how long it took (s)."""
    from_s = time.perf_counter()
    while not is_true():
        application().processEvents()
        time.sleep(0.0005)
    return time.perf_counter() - from_s


def has_page(window: DashboardWindow) -> bool:
    lanes = window.live.sweep.lanes
    return bool(lanes) and all(lane.traces is not None for lane in lanes)


def turns(window: DashboardWindow, hours: float, n: int) -> Iterator[tuple[str, float, float]]:
    """Turn pages, and yield of each what it was, how long it took, and of the processor (s)."""
    review = window.review
    rng = np.random.default_rng(1)
    review.show(hours * 1800.0)
    wait(lambda: has_page(window))
    for kind in ["next page"] * n + ["jump"] * n:
        from_s, from_cpu_s = time.perf_counter(), time.process_time()
        if kind == "next page":
            window.act("page:1")
        else:
            review.show_at(float(rng.uniform(60.0, hours * 3600.0 - 60.0)))
        wait(lambda: has_page(window))
        window.live.sweep.repaint()
        yield kind, time.perf_counter() - from_s, time.process_time() - from_cpu_s


def opened(path: Path, hours: float) -> DashboardWindow:
    """Open a session folder, or a file with its facts as they come from the scoring."""
    application()
    if path.is_dir():
        window = DashboardWindow(SessionFolder.open(path))
    else:
        fd, written = os.pipe()
        window = DashboardWindow(SessionFolder(path), file=FileReview(path, ScoringFollower(fd)))
    window.resize(1920, 1080)
    window.show()
    window.start()
    if not path.is_dir():
        with os.fdopen(written, "wb") as pipe:
            ScoringSender(pipe).end(of_file(facts(hours)))
    wait(lambda: window.screen_view is not None)
    return window


def of_file(found: list[Fact]) -> list[Fact]:
    """Return the facts as of a file, whose first stream is number 0 and begins at 0 s."""
    moved = {"key": 0, "stamp": 0.0}
    return [
        replace(fact, seq=seq, data={**fact.data, **{k: v for k, v in moved.items() if k in fact.data}})
        for seq, fact in enumerate(found)
    ]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def report(path: Path, hours: float, n: int) -> None:
    """Print how long the page turns take."""
    window = opened(path, hours)
    say(f"{path.name}: first page after {wait(lambda: has_page(window)):.2f} s")
    window.review.show(hours * 3600.0)
    say(f"{path.name}: last page after {wait(lambda: has_page(window)):.2f} s")
    done_s: dict[str, list[tuple[float, float]]] = {}
    for kind, *each_s in turns(window, hours, n):
        done_s.setdefault(kind, []).append((each_s[0], each_s[1]))
    for kind, each in done_s.items():
        (median, p95, most), cpu = (
            np.quantile(values, (0.5, 0.95, 1.0)) * 1e3 for values in zip(*each, strict=True)
        )
        say(
            f"{path.name}: {kind}: median {median:.0f} ms, p95 {p95:.0f} ms, max {most:.0f} ms; "
            f"processor p95 {cpu[1]:.0f} ms, n {n}"
        )
    say(f"load {os.getloadavg()[0]:.1f}, memory {psutil.Process().memory_info().rss / 2**20:.0f} MB")
    window.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--at", type=Path, help="folder of the recordings, which stay; default: none stay")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="page-turn-") as made:
        at = asked.at or Path(made)
        paths = at / f"session-{asked.hours:g}", at / f"night-{asked.hours:g}.edf"
        for path, write in zip(paths, (session, edf), strict=True):
            if not path.exists():
                write(path, asked.hours)
            report(path, asked.hours, asked.n)
        report(SessionFolder.open(paths[0]).recording, asked.hours, asked.n)


if __name__ == "__main__":
    main()
