"""The detected movements of the legs: the latest fact of each, and as the scorer takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING

from monitor.model.facts import Fact
from monitor.scoring.inputs import Movement
from monitor.session.movement_parts import movement_of

if TYPE_CHECKING:
    from monitor.model.payloads import MovementData


class LegMovements:
    """The movements of the legs so far; of thousands only those that changed are read again.

    Attributes
    ----------
    latest : dict of str to Fact
        The latest fact of each movement by its name, those that came to nothing included.
    """

    def __init__(self) -> None:
        self.latest: dict[str, Fact[MovementData]] = {}
        self._read: dict[str, tuple[Fact[MovementData], str, bool, Movement]] = {}
        # The movements as they were scored last, and those that changed since; None: all are read again.
        self._scored: dict[str, Movement] | None = None
        self._changed: dict[str, None] = {}
        # The movements that came to nothing, and those of them that are twitches; None: not known.
        self._withdrawn: dict[str, None] = {}
        self._twitches: tuple[Movement, ...] | None = None

    def add(self, fact: Fact[MovementData]) -> None:
        """Take in the next fact of a movement."""
        key, is_withdrawn = fact.data["id"], fact.data["phase"] == "withdrawn"
        self.latest[key] = fact
        self._changed[key] = None
        # What came to nothing may have been a twitch.
        if is_withdrawn or key in self._withdrawn:
            self._twitches = None
            self._withdrawn.pop(key, None)
        if is_withdrawn:
            self._withdrawn[key] = None

    def outdate(self) -> None:
        """Read all again: what a person says of them has changed."""
        self._scored = None

    def scored(self, rejected: Mapping[str, str], restored: Set[str]) -> tuple[Movement, ...]:
        """Return all movements that did not come to nothing, as the scorer takes them.

        Parameters
        ----------
        rejected : Mapping
            The reason for each movement that a person excluded, by its name.
        restored : set of str
            Movements that a person made leg movements although they look like something else.
        """
        is_first, scored = self._scored is None, self._scored or {}
        for key in self.latest if is_first else self._changed:
            fact = self.latest[key]
            if fact.data["phase"] == "withdrawn":
                scored.pop(key, None)
            else:
                scored[key] = self._as_scored(fact, rejected.get(key, ""), restored=key in restored)
        self._scored, self._changed = scored, {}
        return tuple(scored.values())

    def read(
        self,
        facts: Iterable[Fact[MovementData]],
        rejected: Mapping[str, str],
        restored: Set[str] = frozenset(),
    ) -> tuple[Movement, ...]:
        """Return movements by their facts, which may be others than the detected ones; see `scored`."""
        return tuple(
            self._as_scored(fact, rejected.get(fact.data["id"], ""), restored=fact.data["id"] in restored)
            for fact in facts
        )

    def twitches(self) -> tuple[Movement, ...]:
        """Return the twitches: movements that came to nothing because they were too short."""
        if self._twitches is None:
            self._twitches = tuple(
                self._as_scored(self.latest[key], "", restored=False)
                for key in self._withdrawn
                if self.latest[key].data.get("twitch")
            )
        return self._twitches

    def _as_scored(self, fact: Fact[MovementData], rejected: str, *, restored: bool) -> Movement:
        """Return a movement as the scorer takes it."""
        key = fact.data["id"]
        known = self._read.get(key)
        if known is None or known[0] is not fact or known[1:3] != (rejected, restored):
            self._read[key] = known = (
                fact,
                rejected,
                restored,
                movement_of(fact, rejected, restored=restored),
            )
        return known[3]
