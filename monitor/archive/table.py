"""Write all recordings of an output folder as one Parquet table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from monitor.archive.ledger import Entry
from monitor.model.errors import InputError
from monitor.model.rules import PROFILES
from monitor.model.safe_file import written_whole
from monitor.scoring.summary import TABLE

TABLE_NAME = "nights.parquet"
_HOURS = ("recording_h", "tib_h", "tst_h", "wake_h", "one_leg_only_h", "any_usable_h")
_TEXTS = ("file", "target", "error", "input_sha256", "config_sha256", "version", "main_profile")


def write_results_table(folder: Path, entries: Iterable[Entry]) -> int:
    """Write ``nights.parquet``: one row per recording, including those that could not be scored.

    Parameters
    ----------
    folder : Path
        The output folder.
    entries : iterable of Entry

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    InputError
        If it cannot be written.

    Notes
    -----
    Hours as in ``summary.json``; the indices of each rule set as ``aasm3.plms_index`` and so on. Null if
    undefined, and in all cells of a row with an ``error``.
    """
    import pyarrow as pa
    from pyarrow import parquet

    rows = [_row(folder, entry) for entry in entries]
    schema = pa.schema(
        [(name, pa.string()) for name in _TEXTS]
        + [(name, pa.float64()) for name in (*_HOURS, "usable_left_h", "usable_right_h")]
        + [
            (f"{rule}.{key}", pa.int64() if key.startswith("n_") else pa.float64())
            for rule in PROFILES
            for key in TABLE
        ]
    )
    path = folder / TABLE_NAME
    try:
        with written_whole(path) as part:
            parquet.write_table(pa.Table.from_pylist(rows, schema=schema), part)
    except OSError as err:
        raise InputError(str(path), f"cannot be written ({err.strerror or err})") from err
    return len(rows)


def _row(folder: Path, entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"file": entry.file, "target": entry.target, "error": entry.error or None}
    if entry.fingerprint is None:
        return row
    row["input_sha256"] = entry.fingerprint.input_sha256
    path = folder / entry.target / "summary.json"
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        return row | {"error": f"{path}: cannot be read ({err})"}
    return row | _of_summary(summary)


def _of_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    row = {key: summary[key] for key in ("config_sha256", "version", "main_profile", *_HOURS)}
    row |= {f"usable_{leg}_h": hours for leg, hours in summary["usable_h"].items()}
    for rule, values in summary["rules"].items():
        row |= {f"{rule}.{key}": values[key] for key in TABLE}
    return row
