"""Run a recorder for long and watch it from outside: memory, threads, descriptors, latency, samples."""

import json
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pyxdf

from monitor.lsl.library import lsl
from monitor.session.control import ControlClient
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal
from monitor.session.signal.live_ring import LiveRing
from support.waiting import repeated

_LOOK_EVERY_S = 0.002
# A window asks for the status as often.
_ASK_EVERY_S = 0.5


@dataclass
class Look:
    """What the recorder's process looks like at one moment."""

    at_s: float
    rss_mb: float
    threads: int
    files: int
    cpu_s: float
    recorded_s: float


@dataclass
class LongNight:
    """What was seen of a whole run."""

    looks: list[Look] = field(default_factory=list)
    latency_ms: list[dict[str, float]] = field(default_factory=list)
    samples: dict[str, float] = field(default_factory=dict)

    def slope_mb_per_h(self) -> float:
        """Return how memory grows with each hour of signal, over the second half of the run."""
        looks = self.looks[len(self.looks) // 2 :]
        hours = np.array([look.recorded_s for look in looks]) / 3600
        return float(np.polyfit(hours, [look.rss_mb for look in looks], 1)[0])

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1))


def watch_from_outside(pid: int, folder: SessionFolder, minutes: float, every_s: float) -> LongNight:
    """Look at a recorder now and then for so many minutes; latency at the start, halfway and at the end."""
    night, process = LongNight(), psutil.Process(pid)
    begun = time.monotonic()
    latency_at = [0.0, 0.5, 0.97]
    while (past_s := time.monotonic() - begun) < minutes * 60:
        night.looks.append(_look(process, folder, past_s))
        if latency_at and past_s >= latency_at[0] * minutes * 60:
            latency_at.pop(0)
            night.latency_ms.append(measured_latency_ms(folder, min(30.0, minutes)))
        time.sleep(every_s)
    night.looks.append(_look(process, folder, time.monotonic() - begun))
    return night


def _look(process: psutil.Process, folder: SessionFolder, at_s: float) -> Look:
    client = ControlClient(folder)
    recorded_s = float(client.ask({"do": "status"})["recorded_s"])
    client.close()
    with process.oneshot():
        cpu = process.cpu_times()
        return Look(
            at_s,
            process.memory_info().rss / 2**20,
            process.num_threads(),
            process.num_fds(),
            cpu.user + cpu.system,
            recorded_s,
        )


def measured_latency_ms(folder: SessionFolder, seconds: float) -> dict[str, float]:
    """Measure from the stamp of a sample to its row in the live ring, as a screen would see it."""
    anchor = next(f for f in reversed(read_journal(folder.journal)[0]) if f.kind == "anchor")
    ring = LiveRing.open(folder.live(int(anchor.data["key"])))
    seen, delays = ring.n, []
    client = ControlClient(folder)
    # For a window, which asks for the status, no calm signal waits in the recorder.
    with closing(client), repeated(lambda: client.ask({"do": "status"}), _ASK_EVERY_S):
        # What waited because nobody looked comes first.
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            seen = ring.n
            time.sleep(_LOOK_EVERY_S)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if ring.n > seen:
                seen, rows = ring.read_since(ring.n - 1)
                stamp_s = anchor.data["stamp"] + (rows[-1, 0] - anchor.t) / anchor.data["speed"]
                delays.append(lsl().local_clock() - stamp_s)
            time.sleep(_LOOK_EVERY_S)
    p50, p99 = 1e3 * np.percentile(delays, [50, 99])
    return {"p50": round(p50, 2), "p99": round(p99, 2), "max": round(1e3 * max(delays), 2), "n": len(delays)}


def samples_of(folder: SessionFolder) -> dict[str, float]:
    """Count the samples on disk, and how even their stamps are; what the journal says of the end."""
    streams, _ = pyxdf.load_xdf(folder.recording, dejitter_timestamps=False, verbose=False)
    (emg,) = [s for s in streams if s["info"]["type"] == ["EMG"]]
    facts, tail = read_journal(folder.journal)
    steps = np.diff(emg["time_stamps"])
    return {
        "on_disk": len(emg["time_stamps"]),
        "footer": int(emg["footer"]["info"]["sample_count"][0]),
        "longest_step_ms": round(1e3 * float(steps.max()), 3),
        "recorded_s": float(facts[-1].t),
        "facts": len(facts),
        "gaps": sum(f.kind == "gap" for f in facts),
        "torn_bytes": tail.torn_bytes,
    }
