"""Session folders for the tests and for looking: small by hand, or a whole simulated night."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.journal import Journal
from monitor.session.xdf import XdfWriter

START = dt.datetime(2026, 11, 20, 22, 15, tzinfo=dt.UTC)
FIRST_STAMP_S = 5000.0
RATE_HZ = 500.0
# In a series of the fifth hour, two thirds through a sweep.
PICTURE_S = 17_004.0
NOTES = ((3710.0, "Tech in room"), (9130.0, "Blanket changed"), (16_870.0, "Talks in sleep, calm again"))

# Two derivations of each leg, and both arms.
WIDE = ("LAT1", "LAT2", "RAT1", "RAT2", "ARM L", "ARM R")
LIMBS = ("left", "left", "right", "right", "left_arm", "right_arm")
WIDE_LANES = ("left", "left 2", "right", "right 2", "left_arm", "right_arm")

Rows = np.ndarray[Any, Any]


def session_fact(**more: Any) -> Fact:
    data = {
        "version": "0",
        "bed": "bed-3",
        "study": "S-0417",
        "config": {},
        "config_sha256": "",
        "main_profile": "aasm3",
        "measure": "",
        "legs": ["left", "right"],
    }
    return Fact("session", 0.0, "recorder", data | more)


def clock_fact(t_s: float) -> Fact:
    utc = START + dt.timedelta(seconds=t_s)
    data = {"utc": utc.isoformat(timespec="milliseconds"), "zone": "+0100", "lsl": FIRST_STAMP_S + t_s}
    return Fact("clock", t_s, "recorder", data | {"boot_id": "b", "recorded_s": t_s})


def stream_fact(**more: Any) -> Fact:
    legs = [
        {"leg": leg, "channel": i, "label": leg, "unit": "uV", "scale_uv": 1.0, "how": "label"}
        for i, leg in enumerate(("left", "right"))
    ]
    data = {
        "key": 1,
        "name": "Amp",
        "type": "EMG",
        "source_id": "amp",
        "uid": "u",
        "hostname": "h",
        "rate_hz": RATE_HZ,
        "speed": 1.0,
        "simulated": False,
        "offset_s": 0.0,
        "channels": [["left", "uV", "EMG"], ["right", "uV", "EMG"]],
        "legs": legs,
    }
    return Fact("stream", 0.0, "recorder", data | more)


def wide_stream_fact() -> Fact:
    """Tell of two derivations of each leg and both arms, in six channels."""

    def signal(channel: int) -> dict[str, Any]:
        return {"channel": channel, "label": WIDE[channel], "unit": "uV", "scale_uv": 1.0, "how": "given"}

    legs = [
        {"leg": leg} | signal(i) | {"derivations": list(WIDE[i : i + 2]), "further": [signal(i + 1)]}
        for i, leg in ((0, "left"), (2, "right"))
    ]
    limbs = [{"leg": limb} | signal(i) for i, limb in ((4, "left_arm"), (5, "right_arm"))]
    channels = [[label, "uV", "EMG"] for label in WIDE]
    return stream_fact(channels=channels, legs=legs, limbs=limbs)


def quality(t_s: float, leg: str, state: str = "ok", causes: Iterable[str] = (), **more: Any) -> Fact:
    figures = {"rest_uv": 2.0, "lsb_uv": 0.1, "mains_uv": 0.1, "ecg_bpm": None}
    return Fact(
        "quality", t_s, "detector", {"leg": leg, "state": state, "causes": list(causes)} | figures | more
    )


def movement(key: str, onset_s: float, duration_s: float = 2.0, phase: str = "closed", **more: Any) -> Fact:
    data: dict[str, Any] = {
        "leg": "left" if key.startswith("L") else "right",
        "id": key,
        "phase": phase,
        "onset": onset_s,
        "known": onset_s + duration_s + 0.6,
        "resting_uv": 2.0,
    }
    if phase == "closed":
        data |= {
            "end": onset_s + duration_s,
            "peak_uv": 40.0,
            "area_uv_s": 60.0,
            "morphology": True,
            "cut": None,
        }
    return Fact("movement", onset_s, "detector", data | more)


def note(t_s: float, text: str) -> Fact:
    return Fact("note", t_s, "person", {"text": text, "author": "night shift"})


def stage(t_s: float, name: str, duration_s: float | None = 30.0, source: str = "Stager") -> Fact:
    return Fact("stage", t_s, source, {"stage": name, "duration_s": duration_s})


def anchor_fact(t_s: float = 0.0, stamp_s: float = FIRST_STAMP_S, n: int = 0, **more: Any) -> Fact:
    return Fact("anchor", t_s, "recorder", {"key": 1, "stamp": stamp_s, "speed": 1.0, "n": n} | more)


def beginning() -> list[Fact]:
    legs = [quality(0.0, "left"), quality(0.0, "right")]
    return [session_fact(), clock_fact(0.0), stream_fact(), *legs, anchor_fact()]


def series(first_s: float, n: int = 6, every_s: float = 22.0) -> list[Fact]:
    return [movement(f"L{round(first_s)}-{i}", first_s + i * every_s) for i in range(n)]


def make_session(
    path: Path, facts: Iterable[Fact], rows: np.ndarray[Any, Any] | None = None
) -> SessionFolder:
    """Write a journal, and a recording of `rows` (n, 2) uV at `RATE_HZ` if there are any."""
    path.mkdir(parents=True, exist_ok=True)
    folder = SessionFolder(path)
    journal = Journal(folder.journal)
    journal.append(facts)
    journal.close()
    if rows is not None:
        write_recording(folder, rows)
    return folder


def append(folder: SessionFolder, facts: Iterable[Fact], next_seq: int | None = None) -> None:
    n = folder.journal.read_bytes().count(b"\n")
    journal = Journal(folder.journal, n if next_seq is None else next_seq)
    journal.append(facts)
    journal.close()


def write_recording(
    folder: SessionFolder, rows: Rows, rate_hz: float = RATE_HZ, *, is_closed: bool = True
) -> None:
    writer = XdfWriter(folder.recording)
    writer.add_stream(1, "<info><name>Amp</name></info>", "float32", rows.shape[1])
    step = round(rate_hz / 2)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        writer.samples(1, part, FIRST_STAMP_S + (start + np.arange(len(part))) / rate_hz)
        if writer.held_bytes > 1 << 20:
            writer.sync()
    if is_closed:
        writer.close()
    else:
        writer.sync()


def read_back(
    path: Path, about: Mapping[str, Any], anchors: Iterable[Fact], start_s: float = 0.0, end_s: float = 1e6
) -> Rows:
    """Read lanes from a recording as the window does."""
    from monitor.dashboard.signal.scrollback import Scrollback
    from monitor.session.signal.chunk_index import ChunkIndex
    from monitor.session.signal.recorded import SignalIndex

    chunks = ChunkIndex(path)
    scrollback = Scrollback(SignalIndex(chunks, about), about)
    chunks.update()
    while not scrollback.place(list(anchors), end_s):
        pass
    return scrollback.read(start_s, end_s)[0]


class SimulatedNight:
    """The first hours of the simulator's night, as a recorder that runs now would have them.

    Parameters
    ----------
    path : Path
        Of the session folder.
    until_s : float
        How far the recording has come.
    is_wide : bool
        With two derivations of each leg and both arms.
    """

    def __init__(self, path: Path, until_s: float, seed: int = 1, *, is_wide: bool = False) -> None:
        from monitor.model.config import load_config
        from monitor.simulator.emg import SignalGenerator
        from monitor.simulator.schedule import Schedule

        self.until_s, self.config = until_s, load_config()
        self._schedule = Schedule(seed, "night", 8 * 3600.0)
        self._generator = SignalGenerator(self._schedule, RATE_HZ)
        self._is_wide = is_wide
        self._values = self._read(0, round(until_s * RATE_HZ))
        self._lately: list[Rows] = []
        notes = [note(t_s, text) for t_s, text in NOTES if t_s < until_s]
        facts = sorted([*self._detected(), *self._marked(), *self._clocks(), *notes], key=_known_s)
        about = {"config": dict(self.config.document), "config_sha256": self.config.sha256}
        about |= {"further_onset_uv": list(self.config.detector.further_onset_uv)}
        limbs = {"limbs": list(LIMBS[4:])} if is_wide else {}
        stream = wide_stream_fact() if is_wide else stream_fact()
        head = [session_fact(**about, **limbs), clock_fact(0.0), stream, anchor_fact()]
        self.folder = make_session(path, [*head, *facts])
        write_recording(self.folder, self._values.astype(np.float32), is_closed=False)

    def _read(self, start: int, n: int) -> Rows:
        legs = self._generator.read(start, n)[:, :2]
        if not self._is_wide:
            return legs
        left, right = legs.T
        # The second derivation sees less, an arm moves when the legs rest.
        arms = [0.4 * np.roll(each, round(7 * RATE_HZ)) for each in (left, right)]
        return np.stack([left, 0.6 * left, right, 0.7 * right, *arms], axis=1)

    def _detected(self) -> list[Fact]:
        from monitor.detection.pipeline import StreamDetection
        from monitor.montage import LegChannel

        labels = WIDE if self._is_wide else ("left", "right")
        limbs = LIMBS if self._is_wide else labels
        legs = [
            LegChannel(limb, i, label, 1.0, "uV", "label")
            for i, (limb, label) in enumerate(zip(limbs, labels, strict=True))
        ]
        self._detection = detection = StreamDetection(RATE_HZ, legs, self.config.detector)
        facts = detection.start(0.0)
        # The last minutes in small chunks: the live trace shows the levels at the end of each.
        late_n = max(0, len(self._values) - round(320 * RATE_HZ))
        edges = [*range(0, late_n, 15_000), *range(late_n, len(self._values), 16), len(self._values)]
        for start, stop in itertools.pairwise(edges):
            values = self._values[start:stop]
            facts += detection.process(values, np.arange(start, stop) / RATE_HZ)
            if start >= late_n:
                self._lately.append(detection.live_rows(values))
        return facts

    def _marked(self) -> list[Fact]:
        from monitor.session.markers import MarkerReader
        from monitor.simulator.amplifier import marker_text

        reader = MarkerReader(self.config.labels)
        told = ((m, marker_text(m)) for m in self._schedule.marks())
        over = [(m, text) for m, text in told if text and m.onset_s + m.duration_s <= self.until_s]
        found = [reader.read(text, mark.onset_s, "Stager", self.until_s) for mark, text in over]
        return [fact for fact in found if fact is not None]

    def _clocks(self) -> list[Fact]:
        return [clock_fact(t_s) for t_s in np.arange(60.0, self.until_s, 60.0).tolist()]

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Let it look as if it were being recorded: a live trace, and somebody who answers."""
        from monitor.session.control import ControlServer
        from monitor.session.signal.live_ring import LiveRingWriter

        lanes = WIDE_LANES if self._is_wide else ("left", "right")
        self._ring = LiveRingWriter(self.folder.live(1), lanes, RATE_HZ)
        self._ring.write(np.concatenate(self._lately))
        source = {"key": 1, "name": "Amp", "connected": True, "rate_hz": RATE_HZ, "n_samples": 1}
        source |= {"last_arrival_s_ago": 0.03, "legs": ["left", "right"]}
        status = {"trouble": "", "saved_s_ago": 0.4, "sources": [source]}
        server = ControlServer(self.folder.control, lambda request: status | {"recorded_s": self.until_s})
        try:
            yield
        finally:
            server.close()

    def go_on(self, samples_n: int) -> None:
        """Record so many more samples, while `running`."""
        start = round(self.until_s * RATE_HZ)
        values = self._read(start, samples_n)
        append(self.folder, self._detection.process(values, np.arange(start, start + samples_n) / RATE_HZ))
        self._ring.write(self._detection.live_rows(values))
        self.until_s = (start + samples_n) / RATE_HZ


def _known_s(fact: Fact) -> float:
    if fact.kind in ("stage", "respiratory", "arousal"):
        return (fact.t or 0.0) + float(fact.data["duration_s"] or 0.0) + 1.0
    return float(fact.data.get("known", fact.t or 0.0))


def picture(
    file: Path, until_s: float, size: tuple[int, int], theme_name: str, *, is_wide: bool = False
) -> None:
    """Write what the dashboard shows of a simulated night at a moment of it."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtTest import QTest

    from monitor.dashboard.shell.app import application
    from monitor.dashboard.shell.window import DashboardWindow
    from monitor.dashboard.theme import theme_named
    from monitor.dashboard.viewmodel import presenter

    # The wall clock on the picture is that of the night, not of whoever makes it.
    presenter.utc_now = lambda: START + dt.timedelta(seconds=until_s)
    application()
    with tempfile.TemporaryDirectory() as folder:
        night = SimulatedNight(Path(folder) / "2026-11-20T221500Z_bed-3", until_s, is_wide=is_wide)
        with night.running():
            window = DashboardWindow(night.folder, theme_named(theme_name))
            window.resize(*size)
            window.show()
            window.start()
            while window.screen_view is None:
                QTest.qWait(50)
            for _ in range(2):
                window.act("sweep:1")
            QTest.qWait(4000)
            window.grab().save(os.fspath(file), "PNG", 0)
            window.stop()


def main() -> None:
    """Make the picture of the README, or another moment of the same night."""
    parser = argparse.ArgumentParser(description="Picture of the dashboard on a simulated night.")
    parser.add_argument("--picture", type=Path, required=True, metavar="F")
    parser.add_argument("--at", type=float, default=PICTURE_S, metavar="S", help="Seconds of the night.")
    parser.add_argument("--size", default="1920x1080", metavar="WxH")
    parser.add_argument("--theme", default="night")
    parser.add_argument("--wide", action="store_true", help="Two derivations of each leg, and arms.")
    asked = parser.parse_args()
    width, height = (int(part) for part in asked.size.split("x"))
    picture(asked.picture, asked.at, (width, height), asked.theme, is_wide=asked.wide)


if __name__ == "__main__":
    main()
