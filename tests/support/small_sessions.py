"""A small session as a recorder leaves it: facts of known places and signal of known values."""

import numpy as np

from monitor.model.config import load_config
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.journal import Journal
from monitor.session.xdf import XdfWriter

RATE_HZ = 250.0
STAMP_S = 5000.0
SECONDS = 40.0
HEADER = (
    '<?xml version="1.0"?><info><name>{0}</name><type>{1}</type><channel_count>{2}</channel_count>'
    "<channel_format>{3}</channel_format><nominal_srate>{4}</nominal_srate></info>"
)


def stream(key, name, kind, channels, legs):
    about = {"key": key, "name": name, "type": "EMG" if legs else "Markers", "source_id": name, "uid": "u"}
    about |= {"hostname": "h", "rate_hz": RATE_HZ if legs else 0.0, "format": kind, "speed": 1.0}
    return Fact("stream", 0.0, "recorder", about | {"channels": channels, "legs": legs})


def legs_of_stream():
    return [
        {"leg": leg, "channel": i, "label": leg, "unit": "uV", "scale_uv": 1.0, "how": "label"}
        for i, leg in enumerate(("left", "right"))
    ]


def facts_of_session(seconds, *, is_ended):
    config = load_config()
    about = {"version": "0", "bed": "b", "legs": ["left", "right"], "main_profile": "aasm3", "measure": "m"}
    about |= {"config": dict(config.document), "config_sha256": config.sha256}
    yield Fact("session", 0.0, "recorder", about)
    yield stream(1, "Amp", "float32", [["left", "uV", "EMG"], ["right", "uV", "EMG"]], legs_of_stream())
    yield stream(2, "Stager", "string", [["", "", ""]], [])
    yield Fact("anchor", 0.0, "recorder", {"key": 1, "stamp": STAMP_S, "speed": 1.0})
    for leg in ("left", "right"):
        data = {"leg": leg, "state": "ok", "causes": [], "rest_uv": 1.0, "lsb_uv": 0.1}
        yield Fact("quality", 0.0, "detector", data)
    for turn in range(int(seconds // 20)):
        at_s = 20.0 * turn
        clock = {"utc": "2026-11-20T22:15:00.000+00:00", "zone": "+0000", "lsl": STAMP_S + at_s}
        yield Fact("clock", at_s, "recorder", clock | {"origin": STAMP_S, "boot_id": "b", "recorded_s": at_s})
        leg = ("left", "right")[turn % 2]
        data = {"leg": leg, "id": f"{leg[0].upper()}{turn}", "onset": at_s + 5.0, "resting_uv": 1.0}
        for phase, known_s in (("onset", 5.1), ("confirmed", 5.6), ("closed", 7.5)):
            data = data | {"phase": phase, "known": at_s + known_s, "end": at_s + 7.0, "peak_uv": 50.0}
            data |= {"morphology": True}
            yield Fact("movement", at_s + 5.0, "detector", data)
    if is_ended:
        yield Fact("stop", float(seconds), "recorder", {"reason": "end"})


def make(path, seconds=SECONDS, *, is_ended=True):
    """Write a session with a movement and a clock record every 20 s, and its signal."""
    folder = SessionFolder(path)
    path.mkdir(parents=True)
    journal = Journal(folder.journal)
    journal.append(facts_of_session(seconds, is_ended=is_ended))
    journal.close()
    writer = XdfWriter(folder.recording)
    writer.add_stream(1, HEADER.format("Amp", "EMG", 2, "float32", RATE_HZ), "float32", 2)
    writer.add_stream(2, HEADER.format("Stager", "Markers", 1, "string", 0), "string", 1)
    for n in range(0, int(seconds * RATE_HZ), 25):
        values = np.full((25, 2), n, "f4")
        writer.samples(1, values, STAMP_S + np.arange(n, n + 25) / RATE_HZ)
        if n % 500 == 0:
            writer.clock_offset(1, STAMP_S + n / RATE_HZ, 0.25)
            writer.texts(2, [["N2"]], np.array([STAMP_S + n / RATE_HZ]))
        if n % 1000 == 0:
            writer.boundary()
    writer.flush()
    if is_ended:
        writer.close()
    else:
        writer.sync()
    return folder
