"""From the rows of a scored list to a recording: words, points, small corrections, contradictions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import cast

from monitor.files.scored_placement import Placed, place_rows
from monitor.files.scored_rows import FieldNames, Listed, ListOptions, ScoredList
from monitor.model import wording
from monitor.model.errors import InputError
from monitor.model.labels import NUMERIC_STAGES, RESPIRATORY, normalise
from monitor.montage import leg_of_label
from monitor.scoring.inputs import STAGES, Epoch, Leg, LegSpan, Movement, Night, Span, Stage, split_at

LM_LEGS: Mapping[str, Leg] = MappingProxyType(
    {"LM_left": "left", "LM_right": "right", "leg_movement": "unknown"}
)
ALL_LEGS = frozenset({"left", "right", "unknown"})

_CHANNEL_MARK = "@@"
# What `monitor.outputs.exports.event_list` writes beside movements, stages and events: texts and types.
_OWN_SCORES = re.compile(
    r"(PLM[SW]?, series|PLM series \d|LM not counted|Look-alike: |Large muscle group movement: "
    r"|(PLM_series|LM_not_counted|lookalike_\w+|large_movement)$)"
)
# A word of other programs too: it is from this one beside the series to which each of its PLM belongs.
_OWN_PLM, _OWN_SERIES = "PLM", "PLM_series"
_EPOCHS_US = frozenset({20_000_000, 30_000_000, 60_000_000})
_ROUNDING_US = 100_000
# Marks may begin a little before the recording; farther away they belong to another one.
_BEFORE_US = 1_800_000_000
_NUMBERS_N = 10
_LEG_WORDS: Mapping[str, Leg] = MappingProxyType(
    {"left": "left", "l": "left", "right": "right", "r": "right"}
)


@dataclass(frozen=True, slots=True)
class _Row:
    """Hold one event: its bounds, and its type as written and as interpreted."""

    place: str
    start_us: int
    end_us: int
    written: str
    kind: str | None
    leg: Leg | None = None
    is_point: bool = False


def night_of_list(
    events: Sequence[Listed], name: str, fields: FieldNames, options: ListOptions | None = None
) -> ScoredList:
    """Convert the rows of a scored list to a `Night` in which every leg is usable.

    Parameters
    ----------
    events : sequence of Listed
        In any order.
    name : str
        Name of the file, for error messages.
    fields : FieldNames
        Names of the fields in the file, for error messages.
    options : ListOptions, optional

    Returns
    -------
    ScoredList

    Raises
    ------
    InputError
        For a time that is invalid or far before the recording, a leg movement without a duration, two
        different stages at one time, or a second ``lights_off`` or ``lights_on``; names file, line, field,
        value and what was expected. Also if no row has a known type.

    Notes
    -----
    A stage without a duration holds for its epoch, or until the next one. Arousals, respiratory events and
    artifacts without one are points. Corrected and reported with their number: stages that overlap by up to
    0.1 s, stages stated twice, events that begin before the recording.
    """
    options = options or ListOptions()
    placed, notes = place_rows(events, name, fields, options)
    meaning = _Meaning(placed, options, notes)
    rows = [_row(each, meaning, name, fields) for each in placed]
    ignored = Counter(row.written for row in rows if row.kind is None)
    if rows and ignored.total() == len(rows):
        words = ", ".join(repr(word[:40]) for word in list(ignored)[:4])
        problem = f"none of its {len(rows)} rows has a known type (found: {words})"
        expected = "expected types such as LM_left, N2, hypopnea; name others with --label"
        raise InputError(name, problem, f"{expected}{meaning.hint}")
    is_own_plm = _OWN_SERIES in ignored
    own = [word for word in ignored if _OWN_SCORES.match(word) or (is_own_plm and word == _OWN_PLM)]
    own_n = sum(ignored.pop(word) for word in own)
    if own_n:
        what = wording.counted(own_n, "result")
        notes.append(f"not read: {what} of an earlier scoring by this program (computed again)")
    rows = _staged(rows, notes)
    rows = _cut(rows, notes)
    _note_points(rows, notes)
    return ScoredList(_night(rows, name, fields, notes), dict(sorted(ignored.items())), tuple(notes))


def _night(rows: Sequence[_Row], name: str, fields: FieldNames, notes: list[str]) -> Night:
    off, on = (_light(rows, kind, name, fields) for kind in ("lights_off", "lights_on"))
    if off is not None and on is not None and on.start_us <= off.start_us:
        where = f"{name}, {on.place}, {fields.onset}"
        raise InputError(where, "lights_on is not after lights_off", f"expected a time after {off.place}")
    end_us = max((row.end_us for row in rows), default=0)
    return Night(
        movements=tuple(
            Movement(row.start_us, row.end_us, row.leg or LM_LEGS[kind], key=row.place)
            for kind in LM_LEGS
            for row in rows
            if row.kind == kind
        ),
        epochs=_epochs(rows, name, fields, notes),
        respiratory=tuple(
            Span(row.start_us, row.end_us, row.kind) for row in rows if row.kind in RESPIRATORY
        ),
        arousals=tuple(Span(row.start_us, row.end_us) for row in rows if row.kind == "arousal"),
        artifacts=tuple(
            LegSpan(row.start_us, row.end_us, _legs(row), is_lost_time=False)
            for row in rows
            if row.kind == "artifact"
        ),
        lights_off_us=None if off is None else off.start_us,
        lights_on_us=None if on is None else on.start_us,
        end_us=end_us,
        segments=split_at(((row.start_us, row.written) for row in rows if row.kind == "segment"), end_us),
    )


def _legs(row: _Row) -> frozenset[str]:
    return ALL_LEGS if row.leg is None else frozenset({row.leg})


class _Meaning:
    """The meaning of the labels of one list, whose numbers may or may not be stages."""

    def __init__(self, placed: Sequence[Placed], options: ListOptions, notes: list[str]) -> None:
        self._labels, self._declared = options.labels, options.declared
        numbers = [one for one in placed if self._code(one.row.label) is not None]
        self._all_count = options.numeric_stages or are_epochs(
            [(one.onset_s, one.duration_s, _digits(one.row.label)) for one in numbers]
        )
        counted = [one for one in numbers if one.row.is_stage or self._all_count]
        codes = {_digits(one.row.label) for one in counted if one.row.is_stage}
        self._rem_is_4 = 4 in codes and 5 not in codes
        if self._rem_is_4:
            notes.append("its stages are numbers without a 5: 4 is read as REM (else set the word 4 to N3)")
        ignored_n = len(numbers) - len(counted)
        self.hint = ""
        if ignored_n:
            self.hint = "; numbers are read as stages with --stages numeric"
            notes.append(f"{ignored_n} of its labels are numbers and are not read as stages")

    def of(self, row: Listed) -> tuple[str | None, Leg | None]:
        """Return type and leg of an event; None for an unknown type or no leg."""
        word, mark, channel = row.label.partition(_CHANNEL_MARK)
        leg = _leg(channel) if mark else _leg(row.channel)
        code = self._code(word)
        if code is not None:
            counts = row.is_stage or self._all_count
            stage = "R" if code == 4 and self._rem_is_4 and row.is_stage else NUMERIC_STAGES.get(code)
            return (stage if counts else None), leg
        kind = next((self._labels[w] for w in _names(word) if w in self._labels), None)
        if row.is_stage and kind not in STAGES:
            kind = "unscored" if kind == "artifact" else None
        if kind == "leg_movement" and leg is not None:
            kind = f"LM_{leg}"
        return kind, leg

    def _code(self, label: str) -> int | None:
        return None if normalise(label) in self._declared else _digits(label)


def _digits(label: str) -> int | None:
    """Return the whole number that is the complete label."""
    return int(Decimal(label)) if re.fullmatch(r"\s*[+-]?\d{1,9}(\.0*)?\s*", label, re.ASCII) else None


def are_epochs(labels: Sequence[tuple[Decimal, Decimal | None, int | None]]) -> bool:
    """Return whether numbers are stages: a stage code for every epoch, in order, without interruption.

    Parameters
    ----------
    labels : sequence of (Decimal, Decimal or None, int or None)
        Onset and duration in seconds, and the number.

    Notes
    -----
    The numbers of a trigger input are no stages. With durations, each begins at the end of the previous one
    and lasts whole epochs; without, at least ten follow each other at the length of an epoch.
    """
    if not labels or any(code not in NUMERIC_STAGES for *_, code in labels):
        return False
    ordered = sorted(labels, key=lambda one: one[0])
    starts = [_us(one[0]) for one in ordered]
    steps = [b - a for a, b in pairwise(starts)]
    if any(duration is None or duration == 0 for _, duration, _ in ordered):
        return len(ordered) >= _NUMBERS_N and len(set(steps)) == 1 and steps[0] in _EPOCHS_US
    lengths = [_us(duration) for _, duration, _ in ordered if duration is not None]
    whole = any(all(length % epoch_us == 0 for length in lengths) for epoch_us in _EPOCHS_US)
    return whole and all(
        abs(step - length) <= _ROUNDING_US for step, length in zip(steps, lengths, strict=False)
    )


def _names(written: str) -> list[str]:
    """Return the names of a type in the order of preference, normalised.

    ``Limb movement - left|Limb Movement (Left)``: complete, original, concept, each also without the suffix.
    """
    concept, bar, original = written.partition("|")
    names = [written, original, concept] if bar else [written]
    names += [re.sub(r"\s*\([^()]*\)$", "", one) for one in names]
    return [normalise(one) for one in names]


def _leg(channel: str) -> Leg | None:
    word = normalise(channel)
    if not word or word == "n/a":
        return None
    found = _LEG_WORDS.get(word) or leg_of_label(channel)
    return cast(Leg, found) if found in ("left", "right") else None


def _row(one: Placed, meaning: _Meaning, name: str, fields: FieldNames) -> _Row:
    row, where = one.row, f"{name}, {one.row.place}, "
    if not row.label:
        raise InputError(where + fields.label, "is empty", "expected a type such as LM_left")
    kind, leg = meaning.of(row)
    start_us = _us(one.onset_s)
    if start_us < -_BEFORE_US:
        problem = f"{row.onset!r} is {-one.onset_s:.0f} s before the recording"
        raise InputError(where + fields.onset, problem, "expected a time within the recording")
    if kind in LM_LEGS and one.duration_s is None:
        problem = f"{row.duration or row.end!r} is not a duration"
        raise InputError(
            where + fields.duration, problem, "a leg movement needs one, in seconds, such as 2.5"
        )
    duration_s = one.duration_s or Decimal(0)
    end_us = _us(one.onset_s + duration_s)
    return _Row(row.place, start_us, end_us, row.label, kind, leg, is_point=end_us == start_us)


def _us(seconds: Decimal) -> int:
    return int((seconds * 1_000_000).to_integral_value(ROUND_HALF_EVEN))


def _staged(rows: list[_Row], notes: list[str]) -> list[_Row]:
    """Give each stage without a duration its end: that of its epoch, or the next stage."""
    own = sorted((row for row in rows if row.kind in STAGES), key=lambda row: row.start_us)
    points = [row for row in own if row.is_point]
    if not points:
        return rows
    starts = sorted({row.start_us for row in own})
    following = dict(pairwise(starts))
    steps = Counter(b - a for a, b in pairwise(starts))
    usual_us, usual_n = steps.most_common(1)[0] if steps else (0, 0)
    # Stages in a regular grid are epochs, also before an interruption; otherwise they are changes of stage.
    is_grid = usual_us in _EPOCHS_US and 5 * usual_n >= 4 * steps.total()
    epoch_us = usual_us if usual_us in _EPOCHS_US else 30_000_000
    last_us = max(*(row.end_us for row in rows), starts[-1] + epoch_us)
    ends = {
        row.place: following.get(row.start_us, starts[-1] + epoch_us if is_grid else last_us)
        for row in points
    }
    if is_grid:
        ends = {row.place: min(ends[row.place], row.start_us + epoch_us) for row in points}
    meant = f"they hold for {epoch_us / 1e6:g} s" if is_grid else "they hold until the next stage"
    notes.append(f"{wording.counted(len(points), 'stage')} without a duration: {meant}")
    return [
        replace(row, end_us=ends[row.place]) if row.is_point and row.kind in STAGES else row for row in rows
    ]


def _cut(rows: list[_Row], notes: list[str]) -> list[_Row]:
    """Cut what begins before the recording; remove what also ends before it."""
    early = [row for row in rows if row.start_us < 0 and row.kind is not None]
    if early:
        gone = sum(row.end_us <= 0 and row.kind not in ("lights_off", "segment", "position") for row in early)
        text = f"{wording.counted(len(early), 'event')} before the start of the recording: cut there"
        notes.append(text + (f", {gone} of them lie completely before it and are omitted" if gone else ""))
    inside = [row for row in rows if row.start_us >= 0 or row.end_us > 0 or _holds(row)]
    return [replace(row, start_us=max(0, row.start_us), end_us=max(0, row.end_us)) for row in inside]


def _holds(row: _Row) -> bool:
    return row.kind in ("lights_off", "segment", "position")


def _note_points(rows: Sequence[_Row], notes: list[str]) -> None:
    for kinds, what in ((RESPIRATORY, "respiratory event"), ({"artifact"}, "artifact")):
        n = sum(row.is_point and row.kind in kinds for row in rows)
        if n:
            notes.append(f"{wording.counted(n, what)} without a length: read as a point, the end is unknown")
    n = sum(row.is_point and row.kind == "arousal" for row in rows)
    if n:
        notes.append(f"{wording.counted(n, 'arousal')} without a length: read as a point")


def _light(rows: Sequence[_Row], kind: str, name: str, fields: FieldNames) -> _Row | None:
    own = [row for row in rows if row.kind == kind]
    if len(own) > 1:
        where = f"{name}, {own[1].place}, {fields.label}"
        raise InputError(where, f"a second {kind}", f"expected one; the first is in {own[0].place}")
    return own[0] if own else None


def _epochs(rows: Sequence[_Row], name: str, fields: FieldNames, notes: list[str]) -> tuple[Epoch, ...]:
    """Return the stages without overlap; two different ones at one time are an error."""
    own = sorted((row for row in rows if row.kind in STAGES), key=lambda row: (row.start_us, row.end_us))
    twice = rounded = 0
    merged: list[_Row] = []
    for row in own:
        before = merged[-1] if merged else None
        overlap_us = 0 if before is None else min(before.end_us, row.end_us) - row.start_us
        if before is None or overlap_us <= 0:
            merged.append(row)
        elif before.kind == row.kind and overlap_us > _ROUNDING_US:
            twice += 1
            merged[-1] = replace(before, end_us=max(before.end_us, row.end_us))
        elif overlap_us <= _ROUNDING_US < row.end_us - row.start_us:
            rounded += 1
            merged[-1] = replace(before, end_us=row.start_us)
            merged.append(row)
        else:
            where = f"{name}, {row.place}, {fields.onset}"
            problem = f"stage {row.written!r} overlaps stage {before.written!r} of {before.place}"
            raise InputError(where, problem, "expected one stage at a time")
    for n, words in (
        (rounded, "stages overlap the next by up to 0.1 s: shortened"),
        (twice, "stages are stated twice: counted once"),
    ):
        if n:
            notes.append(f"{n} {words}")
    return tuple(Epoch(row.start_us, row.end_us, cast(Stage, row.kind)) for row in merged)
