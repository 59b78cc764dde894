"""Stages and events for the scorer from what a notebook has: lists, labels per epoch, tables, annotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from monitor.files.scored_lists import read_annotations
from monitor.files.scored_night import night_of_list
from monitor.files.scored_rows import FieldNames, Listed, ListOptions
from monitor.scoring import Night

_IN_NOTEBOOK = FieldNames("onset", "duration", "label")
_NAMES = ("description", "trial_type", "stage", "event", "label")
_EPOCH_S = Decimal(30)


def with_stages(movements: Night, stages: Any, epoch_s: float = 30.0) -> Night:
    """Return a recording with the stages, events and lights of another source.

    Parameters
    ----------
    movements : Night
    stages : Night, path, sequence of labels, table, or MNE Annotations
        A label per epoch (``"N2"``, or YASA's and Sleep-EDF's numbers); a table (mapping of columns or data
        frame) with ``onset``, ``duration`` and ``description``.
    epoch_s : float
        Length of an epoch of a sequence of labels.

    Raises
    ------
    InputError
        If a label or time is not valid.
    ValueError
        If it is none of these.
    """
    found = _night(stages, epoch_s)
    return replace(
        movements,
        epochs=found.epochs,
        respiratory=(*movements.respiratory, *found.respiratory),
        arousals=(*movements.arousals, *found.arousals),
        artifacts=(*movements.artifacts, *found.artifacts),
        lights_off_us=movements.lights_off_us if found.lights_off_us is None else found.lights_off_us,
        lights_on_us=movements.lights_on_us if found.lights_on_us is None else found.lights_on_us,
        end_us=max(movements.end_us, found.end_us),
        segments=found.segments or movements.segments,
    )


def night_of_table(table: Any) -> Night:
    """Return a table of movements with ``onset``, ``duration`` and ``leg`` (or a label) as a recording."""
    if isinstance(table, Night):
        return table
    columns = _columns(table)
    if columns is None or not {"onset", "duration"} <= set(columns):
        raise ValueError("movements are not a Night or a table with onset, duration and leg")
    label = next((name for name in _NAMES if name in columns), None)
    legs = columns.get("leg", ())
    rows = [
        Listed(
            f"row {n}", _text(onset), _text(duration),
            "leg_movement" if label is None else str(columns[label][n]),
            channel=str(legs[n]) if n < len(legs) else "",
        )
        for n, (onset, duration) in enumerate(zip(columns["onset"], columns["duration"], strict=True))
    ]  # fmt: skip
    return night_of_list(rows, "movements", _IN_NOTEBOOK).night


def _night(stages: Any, epoch_s: float) -> Night:
    if isinstance(stages, Night):
        return stages
    if isinstance(stages, (str, Path)):
        return read_annotations(stages).night
    columns = _columns(stages)
    if columns is not None:
        return _of_columns(columns)
    if isinstance(stages, Iterable):
        length = Decimal(str(epoch_s))
        rows = [
            Listed(f"epoch {n + 1}", str(n * length), str(length), _label(stage), is_stage=True)
            for n, stage in enumerate(stages)
        ]
        return night_of_list(rows, "stages", _IN_NOTEBOOK, ListOptions(epoch_s=length)).night
    kind = type(stages).__name__
    raise ValueError(f"stages are a {kind}: expected a Night, a path, a label per epoch or a table")


def _of_columns(columns: Mapping[str, Any]) -> Night:
    label = next((name for name in _NAMES if name in columns), None)
    if label is None or "onset" not in columns:
        raise ValueError(f"stages have the columns {list(columns)}: expected onset, duration, description")
    n = len(columns["onset"])
    lengths = columns.get("duration", ("",) * n)
    rows = [
        Listed(f"row {i}", _text(onset), _text(length), _label(word), is_stage=label == "stage")
        for i, (onset, length, word) in enumerate(zip(columns["onset"], lengths, columns[label], strict=True))
    ]
    return night_of_list(rows, "stages", _IN_NOTEBOOK).night


def _columns(table: Any) -> Mapping[str, Any] | None:
    if isinstance(table, Mapping):
        return table
    if hasattr(table, "columns") and hasattr(table, "to_numpy"):
        return {str(name): list(table[name]) for name in table.columns}
    if all(hasattr(table, name) for name in ("onset", "duration", "description")):
        return {name: list(getattr(table, name)) for name in ("onset", "duration", "description")}
    return None


def _label(word: Any) -> str:
    is_whole = isinstance(word, (int, float, np.integer, np.floating)) and float(word).is_integer()
    return str(int(word)) if is_whole else str(word)


def _text(value: Any) -> str:
    if isinstance(value, (int, float, np.integer, np.floating)):
        return "" if np.isnan(value) else repr(float(value))
    return str(value)
