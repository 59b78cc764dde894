"""Export a session to a BIDS dataset: EMG as EDF+, its description, and the events with HED tags."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor import __version__
from monitor.model.errors import InputError
from monitor.model.safe_file import write_private, write_private_bytes
from monitor.outputs.exports.edf_export import EdfFile, make_edf
from monitor.outputs.exports.event_list import Event, session_events
from monitor.session.reader import Session

BIDS_VERSION = "1.11.0"
HED_VERSION = "8.3.0"
_TASK = "sleep"
_README = """# PLMS Monitor export

Leg EMG of sleep recordings, with leg movements, stages and events as scored by PLMS Monitor. The scoring is
provisional unless its source says it was reviewed. Not a medical device; no diagnosis.
"""
_LEVELS: Mapping[str, tuple[str, str]] = {
    "W": ("Epoch staged wake", "(Awake)"),
    "N1": ("Epoch staged N1", "(Asleep, Label/N1)"),
    "N2": ("Epoch staged N2", "(Asleep, Label/N2)"),
    "N3": ("Epoch staged N3", "(Asleep, Label/N3)"),
    "R": ("Epoch staged REM sleep", "(Asleep, Label/REM)"),
    "unscored": ("Epoch that was not staged", "(Label/Unscored)"),
    "LM_left": ("Leg movement of the left leg", "(Move-lower-extremity, Label/Left)"),
    "LM_right": ("Leg movement of the right leg", "(Move-lower-extremity, Label/Right)"),
    "PLM": ("Leg movement, legs combined, in a periodic series", "(Move-lower-extremity, Label/PLM)"),
    "LM_not_counted": (
        "Leg movement, legs combined, not in a periodic series",
        "(Move-lower-extremity, Label/Not-in-series)",
    ),
    "lookalike_tremor": (
        "Not a leg movement: hypnagogic foot tremor or high-frequency leg movements",
        "(Move-lower-extremity, Label/Foot-tremor)",
    ),
    "lookalike_alternating": (
        "Not a leg movement: alternating leg muscle activation",
        "(Move-lower-extremity, Label/Alternating-activation)",
    ),
    "lookalike_myoclonus": (
        "Not a leg movement: fragmentary myoclonus",
        "(Move-lower-extremity, Label/Fragmentary-myoclonus)",
    ),
    "large_movement": (
        "Large muscle group movement: several channels at once; not a leg movement of a series",
        "(Move-body-part, Label/Large-muscle-group-movement)",
    ),
    "PLM_series": ("Series of periodic leg movements", "(Label/PLM-series)"),
    "apnea": ("Apnea", "(Breathe, Label/Apnea)"),
    "obstructive_apnea": ("Obstructive apnea", "(Breathe, Label/Obstructive-apnea)"),
    "central_apnea": ("Central apnea", "(Breathe, Label/Central-apnea)"),
    "mixed_apnea": ("Mixed apnea", "(Breathe, Label/Mixed-apnea)"),
    "hypopnea": ("Hypopnea", "(Breathe, Label/Hypopnea)"),
    "rera": ("Respiratory effort related arousal", "(Breathe, Label/RERA)"),
    "arousal": ("EEG arousal", "(Label/Arousal)"),
    "artifact": ("Time in which nothing is scored", "(Label/Artifact)"),
    "lights_off": ("Lights off", "(Label/Lights-off)"),
    "lights_on": ("Lights on", "(Label/Lights-on)"),
    "position": ("Body position from here on", "(Label/Position)"),
    "segment": ("Start of a part of the recording, e.g. treatment", "(Label/Segment)"),
}


def write_bids(session: Session, root: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Add a session to a BIDS dataset; missing files of the dataset are created.

    Parameters
    ----------
    session : Session
    root : Path
        The dataset.

    Returns
    -------
    files : list of Path
        The written files.
    notes : tuple of str
        Changes that EDF required.

    Raises
    ------
    InputError
        If the session contains no recorded leg, or the list of participants of the dataset cannot be read.

    Notes
    -----
    BIDS 1.11, EMG. The text of notes is omitted: such datasets are meant to be shared.
    """
    subject, visit = _entities(session)
    folder = root / f"sub-{subject}" / f"ses-{visit}" / "emg"
    stem = f"sub-{subject}_ses-{visit}_task-{_TASK}"
    edf = make_edf(session, all_channels=False, notes=False)
    for part in (folder.parent.parent, folder.parent, folder):
        part.mkdir(mode=0o700, exist_ok=True)
    texts = {
        folder / f"{stem}_emg.json": _json(_emg(session, edf)),
        folder / f"{stem}_channels.tsv": _channels(edf),
        folder / f"{stem}_events.tsv": _events(session_events(session, notes=False)),
        folder / f"{stem}_events.json": _json(_about_events()),
        root / "participants.tsv": _participants(root / "participants.tsv", f"sub-{subject}"),
    }
    if not (root / "dataset_description.json").exists():
        texts[root / "dataset_description.json"] = _json(_dataset())
        texts[root / "README.md"] = _README
    for path, text in texts.items():
        write_private(path, text)
    signal = folder / f"{stem}_emg.edf"
    write_private_bytes(signal, edf.data)
    return [signal, *texts], edf.notes


def _entities(session: Session) -> tuple[str, str]:
    """Return names of subject and session with letters and digits only, as BIDS requires."""
    about = session.state.session
    subject = re.sub(r"[^A-Za-z0-9]", "", str(about.get("study") or about.get("bed") or "")) or "unknown"
    visit = re.sub(r"[^A-Za-z0-9]", "", session.folder.path.resolve().name.partition("_")[0]) or "1"
    return subject, visit


def _dataset() -> dict[str, Any]:
    return {
        "Name": "PLMS Monitor export",
        "BIDSVersion": BIDS_VERSION,
        "HEDVersion": HED_VERSION,
        "DatasetType": "raw",
        "License": "n/a",
        "Authors": ["not given"],
        "GeneratedBy": [{"Name": "PLMS Monitor", "Version": __version__}],
    }


def _emg(session: Session, edf: EdfFile) -> dict[str, Any]:
    streams = [fact.data for fact in session.state.facts("stream") if fact.data["legs"]]
    return {
        "TaskName": _TASK,
        "TaskDescription": "Sleep; leg EMG (tibialis anterior) streamed over LSL.",
        "SamplingFrequency": max(edf.rates_hz),
        "PowerLineFrequency": "n/a",
        "SoftwareFilters": "n/a",
        "RecordingType": "continuous",
        "EMGPlacementScheme": "Other",
        "EMGPlacementSchemeDescription": "Tibialis anterior of each leg, as placed by the sleep laboratory.",
        "EMGReference": "n/a",
        "EMGChannelCount": len(edf.labels),
        "ManufacturersModelName": str(streams[0]["name"]) if streams else "n/a",
        "RecordingDuration": session.night.end_us / 1e6,
    }


def _channels(edf: EdfFile) -> str:
    rows = [("name", "type", "units", "reference", "description")]
    for label, unit, original in zip(edf.labels, edf.units, edf.originals, strict=True):
        rows.append((label, "EMG", unit, "n/a", f"sent as {original or 'unnamed'}"))
    return _tsv(rows)


def _events(events: Iterable[Event]) -> str:
    rows = [("onset", "duration", "trial_type", "leg", "detail")]
    for event in events:
        if event.trial_type in _LEVELS:
            onset, duration = f"{event.onset_us / 1e6:.6f}", f"{event.duration_us / 1e6:.6f}"
            detail = event.detail or "n/a"
            rows.append((onset, duration, event.trial_type, event.leg or "n/a", detail))
    return _tsv(rows)


def _about_events() -> dict[str, Any]:
    return {
        "trial_type": {
            "LongName": "Kind of event",
            "Description": "What was scored; stages are epochs of at most 30 s.",
            "Levels": {name: words for name, (words, _) in _LEVELS.items()},
            "HED": {name: tags for name, (_, tags) in _LEVELS.items()},
        },
        "leg": {
            "Description": "The affected leg, if the event concerns one leg.",
            "Levels": {"left": "Left", "right": "Right"},
        },
        "detail": {"Description": "Series, reason, position or label, as text."},
    }


def _participants(path: Path, subject: str) -> str:
    if not path.exists():
        return _tsv([("participant_id",), (subject,)])
    text = path.read_text(encoding="utf-8")
    head, *rows = text.splitlines() or [""]
    if head.split("\t")[0] != "participant_id":
        raise InputError(
            f"{path}, line 1", f"begins with {head[:40]!r}", "expected the column participant_id"
        )
    if any(row.split("\t")[0] == subject for row in rows):
        return text
    blank = [subject, *["n/a"] * (len(head.split("\t")) - 1)]
    return text.rstrip("\n") + "\n" + "\t".join(blank) + "\n"


def _tsv(rows: Iterable[Sequence[str]]) -> str:
    return "".join("\t".join(" ".join(cell.split()) for cell in row) + "\n" for row in rows)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2) + "\n"
