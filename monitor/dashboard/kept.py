"""What was made from parts of the night, kept: only what has changed is made anew."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

_Made = TypeVar("_Made")


class Kept(Generic[_Made]):
    """Make things one by one from their sources; the same source gives the same object again.

    Notes
    -----
    A late fact may change any of thousands of movements, so all are looked at; to compare them costs a tenth
    of wording them anew.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[tuple[Any, ...], _Made]] = {}

    def each(
        self, sources: Iterable[tuple[Hashable, tuple[Any, ...]]], make: Callable[..., _Made]
    ) -> list[_Made]:
        """Return what `make` makes of each source, in their order.

        Parameters
        ----------
        sources : iterable of (key, source)
            The key says which old source to compare with; the source is what `make` is called with.
        make : callable
            Must depend on its arguments alone.
        """
        before, self._known, made = self._known, {}, []
        for key, source in sources:
            known = before.get(key)
            if known is None or known[0] != source:
                known = (source, make(*source))
            self._known[key] = known
            made.append(known[1])
        return made
