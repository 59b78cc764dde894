"""The movements and epochs of a recording as columns; of a growing recording only the new ones are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.scoring.inputs import AUTO, STAGES, Epoch, Movement, Night
from monitor.scoring.spans import Bools, Ints

LEGS = ("left", "right", "unknown")
NEVER_US = 2**62
Objects = npt.NDArray[np.object_]

# Furthest a burst may begin before its movement, for both are rounded; less than any lull between bursts.
_BURST_EARLY_US = 50_000
BURST_LATE_US = 500_000
"""Furthest a burst may begin after the end of its movement, which may have been cut off before it."""


@dataclass(frozen=True, slots=True)
class MovementTable:
    """Hold movements as columns, one entry each, in their own order.

    Parameters
    ----------
    movements : tuple of Movement
        Where they come from.
    onset_us, end_us : ndarray of int64, shape (n_movements,)
        Bounds.
    leg : ndarray of int64, shape (n_movements,)
        Index into ``LEGS``.
    is_open, shaped, is_rejected, is_restored : ndarray of bool, shape (n_movements,)
        Not ended; morphology valid; rejected; restored by a person.
    keys : ndarray of object, shape (n_movements,)
        The key of each in a tuple of its own.
    bursts_n : ndarray of int64, shape (n_movements,)
        Number of bursts of each.
    bursts_us : ndarray of int64, shape (n_bursts, 2)
        Start and end of all bursts, those of the first movement first.
    is_regular : ndarray of bool, shape (n_movements,)
        Whether all bursts of each begin within it or soon after it.
    changed_us : int
        First onset of the movements of which only this table or the one before knows.
    """

    movements: tuple[Movement, ...]
    onset_us: Ints
    end_us: Ints
    leg: Ints
    is_open: Bools
    shaped: Bools
    is_rejected: Bools
    is_restored: Bools
    keys: Objects
    bursts_n: Ints
    bursts_us: Ints
    is_regular: Bools
    changed_us: int = -NEVER_US

    @classmethod
    def of(cls, movements: Sequence[Movement], before: MovementTable | None = None) -> MovementTable:
        """Read movements; those with which `before` begins too are taken from it."""
        whole = tuple(movements)
        if before is None:
            return _read(whole)
        n = same_n(whole, before.movements)
        if n == len(whole) == len(before.movements):
            return before
        return _joined(whole, before, n, _read(whole[n:]))

    def since(self, from_us: int) -> MovementTable:
        """Return the movements that begin at or after a time."""
        place = np.flatnonzero(self.onset_us >= from_us)
        if place.size == self.onset_us.size:
            return self
        # Nearly all of them are the last ones.
        return _read(tuple(self.movements[i] for i in place.tolist()))


def _read(movements: tuple[Movement, ...]) -> MovementTable:
    def column(name: str, kind: Any) -> npt.NDArray[Any]:
        return np.array([getattr(each, name) for each in movements], kind)

    bursts = [span for each in movements for span in each.bursts]
    is_regular = [
        all(a - _BURST_EARLY_US <= start <= min(end, b + BURST_LATE_US) for start, end in each.bursts)
        for each in movements
        for a, b in ((each.onset_us, each.end_us),)
    ]
    return MovementTable(
        movements,
        column("onset_us", np.int64),
        column("end_us", np.int64),
        np.array([LEGS.index(each.leg) for each in movements], np.int64),
        column("is_open", np.bool_),
        column("morphology_ok", np.bool_),
        column("rejected", np.bool_),
        column("restored", np.bool_),
        objects([(each.key,) for each in movements]),
        np.array([len(each.bursts) for each in movements], np.int64),
        np.array(bursts, np.int64).reshape(-1, 2),
        np.array(is_regular, np.bool_),
    )


def _joined(whole: tuple[Movement, ...], before: MovementTable, n: int, rest: MovementTable) -> MovementTable:
    def column(name: str, first_n: int = n) -> npt.NDArray[Any]:
        return np.concatenate((getattr(before, name)[:first_n], getattr(rest, name)))

    return MovementTable(
        whole,
        column("onset_us"),
        column("end_us"),
        column("leg"),
        column("is_open"),
        column("shaped"),
        column("is_rejected"),
        column("is_restored"),
        column("keys"),
        column("bursts_n"),
        column("bursts_us", int(before.bursts_n[:n].sum())),
        column("is_regular"),
        _first_change_us(before.movements[n:], whole[n:]),
    )


def _first_change_us(before: Sequence[Movement], now: Sequence[Movement]) -> int:
    """Return the first onset of the movements of which only one of both knows, whatever their order."""
    # What a person entered is the last in the order and moves back with each detected movement.
    old, new = ({each.key: each for each in known} for known in (before, now))
    is_unique = len(old) + len(new) == len(before) + len(now)
    changed = (
        each.onset_us
        for known, other in ((before, new), (now, old))
        for each in known
        if not is_unique or (other.get(each.key),) != (each,)
    )
    return min(changed, default=NEVER_US)


def _first_us(*times: Ints) -> int:
    return min(int(each.min(initial=NEVER_US)) for each in times)


_CHANGING_N = 64


def same_n(now: Sequence[object], before: Sequence[object]) -> int:
    """Return with how many of the same objects both begin."""
    # Of a recording that grows only the last ones change: equal tuples are compared faster than their items.
    n = max(0, min(len(now), len(before)) - _CHANGING_N)
    n = n if n and now[:n] == before[:n] else 0
    same = list(map(is_, now[n:], before[n:]))
    return n + (same.index(False) if False in same else len(same))


def objects(values: Sequence[object]) -> Objects:
    """Return values as an array of objects, one entry each: NumPy would make tuples into a second axis."""
    return np.fromiter(values, np.object_, len(values))


BY = ("auto", "person", "stream")
_STAGE_CODE = {stage: code for code, stage in enumerate(STAGES)}


@dataclass(frozen=True, slots=True)
class EpochTable:
    """Hold epochs as columns, one entry each, in their own order.

    Parameters
    ----------
    epochs : tuple of Epoch
        Where they come from.
    columns : ndarray of int64, shape (4, n_epochs)
        Start and end (us), index into ``STAGES``, index into ``BY`` of who staged it.
    changed_us : int
        From when on they differ from those of the table before.
    """

    epochs: tuple[Epoch, ...]
    columns: Ints
    changed_us: int = -NEVER_US

    @classmethod
    def of(cls, epochs: Sequence[Epoch], before: EpochTable | None = None) -> EpochTable:
        """Read epochs; those with which `before` begins too are taken from it."""
        whole = tuple(epochs)
        n = 0 if before is None else same_n(whole, before.epochs)
        if before is not None and n == len(whole) == len(before.epochs):
            return before
        rows = [(e.start_us, e.end_us, _STAGE_CODE[e.stage], _staged_by(e.source)) for e in whole[n:]]
        rest = np.array(rows, np.int64).reshape(-1, 4).T
        if before is None:
            return cls(whole, rest)
        changed_us = _first_difference_us(before.columns[:, n:], rest)
        return cls(whole, np.concatenate((before.columns[:, :n], rest), axis=1), changed_us)


def _first_difference_us(before: Ints, now: Ints) -> int:
    """Return from when on epochs differ: a typed stage that goes on, after its end so far."""
    first_n = 0
    if before.size and now.size and np.delete(before[:, 0] == now[:, 0], 1).all():
        first_n = 1
    starts_us = before[0, first_n:], now[0, first_n:]
    return _first_us(*starts_us, before[1, :first_n], now[1, :first_n])


def _staged_by(source: str) -> int:
    if source == AUTO:
        return BY.index("auto")
    return BY.index("person" if source.startswith("person") else "stream")


@dataclass(frozen=True, slots=True)
class NightTables:
    """Hold the movements, twitches and epochs of a recording as columns; those of other limbs by name."""

    movements: MovementTable
    twitches: MovementTable
    epochs: EpochTable
    limbs: Mapping[str, MovementTable]

    @classmethod
    def of(cls, night: Night, before: NightTables | None = None) -> NightTables:
        """Read a recording; what is as in `before`, the same recording earlier, is taken from it."""
        movements, twitches, epochs = (
            (None, None, None) if before is None else (before.movements, before.twitches, before.epochs)
        )
        limbs = {} if before is None else before.limbs
        return cls(
            MovementTable.of(night.movements, movements),
            MovementTable.of(night.twitches, twitches),
            EpochTable.of(night.epochs, epochs),
            {name: MovementTable.of(moved, limbs.get(name)) for name, moved in night.limbs.items()},
        )

    @property
    def of_legs(self) -> tuple[MovementTable, MovementTable]:
        """The movements and the twitches."""
        return self.movements, self.twitches

    def since(self, from_us: int, twitches_from_us: int) -> NightTables:
        """Return the movements that begin at or after a time, and the twitches after another; all epochs."""
        limbs = {name: moved.since(from_us) for name, moved in self.limbs.items()}
        twitches = self.twitches.since(twitches_from_us)
        return NightTables(self.movements.since(from_us), twitches, self.epochs, limbs)

    def first_change_us(self, before: NightTables) -> int:
        """Return the first time of what only one of both knows, a recording and the same earlier."""
        if self.limbs.keys() != before.limbs.keys():
            return -NEVER_US
        both = [
            *zip(self.of_legs, before.of_legs, strict=True),
            *((moved, before.limbs[name]) for name, moved in self.limbs.items()),
        ]
        changes = [now.changed_us for now, old in both if now is not old]
        if self.epochs is not before.epochs:
            changes.append(self.epochs.changed_us)
        return min(changes, default=NEVER_US)
