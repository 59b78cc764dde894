"""A short night as a recorder leaves it: real samples, a clock that drifts, a gap, what people noted."""

import datetime as dt
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from monitor.detection.pipeline import StreamDetection
from monitor.model.config import load_config
from monitor.model.facts import Fact
from monitor.model.run_info import scored_with
from monitor.montage import LegChannel
from monitor.session.folder import SessionFolder
from monitor.session.journal import Journal
from monitor.session.markers import MarkerReader
from monitor.session.recovery import recover
from monitor.session.xdf import XdfWriter
from monitor.simulator.amplifier import marker_text
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.schedule import Schedule

STAMP_S = 7000.0
START = dt.datetime(2026, 11, 20, 22, 15, tzinfo=dt.UTC)
CHANNELS = [["Leg/L", "uV", "EMG"], ["Leg/R", "uV", "EMG"], ["Trigger größer µ", "code", ""]]


def header(rate_hz: float) -> str:
    """Write what the amplifier says of its stream."""
    info = ElementTree.Element("info")
    for key, value in {
        "name": "Amp", "type": "EMG", "channel_count": "3", "nominal_srate": repr(rate_hz),
        "channel_format": "float32", "source_id": "amp-1",
    }.items():  # fmt: skip
        ElementTree.SubElement(info, key).text = value
    channels = ElementTree.SubElement(ElementTree.SubElement(info, "desc"), "channels")
    for fields in CHANNELS:
        node = ElementTree.SubElement(channels, "channel")
        for key, value in zip(("label", "unit", "type"), fields, strict=True):
            ElementTree.SubElement(node, key).text = value
    return '<?xml version="1.0"?>' + ElementTree.tostring(info, encoding="unicode")


def record_night(
    path: Path,
    seconds: float = 300.0,
    rate_hz: float = 250.0,
    drift: float = 0.0,
    gap: tuple[float, float] | None = None,
    *,
    ecg: bool = False,
) -> SessionFolder:
    """Record the simulator's demo night.

    Parameters
    ----------
    drift : float
        By how much the source's clock is fast.
    gap : (float, float), optional
        From and to, in seconds: not recorded.
    ecg : bool
        The third channel is the simulator's ECG.
    """
    config = load_config()
    path.mkdir(parents=True)
    folder = SessionFolder(path)
    schedule = Schedule(5, "demo", seconds)
    values = SignalGenerator(schedule, rate_hz).read(0, round(seconds * rate_hz)).astype(np.float32)
    if not ecg:
        values[:, 2] = np.arange(len(values)) % 7
    at_s = np.arange(len(values)) / rate_hz * (1 + drift)
    if gap is not None:
        kept = (at_s < gap[0]) | (at_s >= gap[1])
        values, at_s = values[kept], at_s[kept]
    legs = [
        {"leg": leg, "channel": i, "label": CHANNELS[i][0], "unit": "uV", "scale_uv": 1.0, "how": "label"}
        for i, leg in enumerate(("left", "right"))
    ]
    detection = StreamDetection(
        rate_hz,
        [LegChannel(d["leg"], d["channel"], d["label"], 1.0, "uV", "label") for d in legs],
        config.detector,
    )
    stream = {"key": 1, "name": "Amp", "type": "EMG", "source_id": "amp-1", "uid": "u", "hostname": "h"}
    stream |= {
        "rate_hz": rate_hz,
        "speed": 1.0,
        "simulated": True,
        "offset_s": 0.0,
        "channels": [*CHANNELS[:2], ("ECG", "microvolts", "ECG")] if ecg else CHANNELS,
        "legs": legs,
    }
    about = {"bed": "bed-3", "study": "S-0417", "config": dict(config.document), "legs": ["left", "right"]}
    clock = {"utc": START.isoformat(timespec="milliseconds"), "zone": "+0100", "lsl": STAMP_S, "boot_id": "b"}
    facts = [
        Fact("session", 0.0, "recorder", about | scored_with(config)),
        Fact("clock", 0.0, "recorder", clock | {"recorded_s": 0.0}),
        Fact("stream", 0.0, "recorder", stream),
        Fact("anchor", 0.0, "recorder", {"key": 1, "stamp": STAMP_S, "speed": 1.0}),
        *detection.start(0.0),
    ]
    writer = XdfWriter(folder.recording)
    writer.add_stream(1, header(rate_hz), "float32", 3)
    writer.clock_offset(1, STAMP_S, 0.25)
    for start in range(0, len(values), 100):
        rows, times_s = values[start : start + 100], at_s[start : start + 100]
        writer.samples(1, rows, STAMP_S + times_s)
        facts += detection.process(rows, times_s)
    writer.close()
    facts += detection.finish()
    reader = MarkerReader(config.labels)
    told = [reader.read(marker_text(m), m.onset_s, "Stager") for m in schedule.marks() if marker_text(m)]
    facts += [fact for fact in told if fact is not None]
    facts += [
        Fact("artifact", 40.0, "person", {"duration_s": 3.0, "legs": ["left"]}),
        Fact("position", 61.0, "person", {"position": "supine"}),
        Fact("note", 62.5, "person", {"text": "Kabel gelöst, 冷", "author": "nights"}),
        Fact("stop", detection.timeline.now_s, "recorder", {"reason": "end"}),
    ]
    journal = Journal(folder.journal)
    journal.append(facts)
    journal.close()
    recover(folder)
    return folder
