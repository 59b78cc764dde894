"""Texts of several connections to one outlet: each once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_MOST_REMEMBERED = 10_000


class HeardTexts:
    """Remember what was heard, to leave out what another connection brings too."""

    def __init__(self) -> None:
        self._heard: dict[tuple[float, tuple[str, ...]], None] = {}

    def forget(self) -> None:
        """Begin with another run of the source."""
        self._heard.clear()

    def new(
        self, texts: list[list[str]], stamps: npt.NDArray[np.float64], *, is_alone: bool
    ) -> tuple[list[list[str]], npt.NDArray[np.float64]]:
        """Return the texts, and their stamps, that did not come before.

        Parameters
        ----------
        texts : list of list of str
        stamps : ndarray, shape (n_texts,), float64, s
        is_alone : bool
            There is one connection: what it brings twice was sent twice.
        """
        kept = []
        for i, (row, stamp) in enumerate(zip(texts, stamps, strict=True)):
            what = (float(stamp), tuple(row))
            if is_alone or what not in self._heard:
                kept.append(i)
            self._heard[what] = None
            if len(self._heard) > _MOST_REMEMBERED:
                del self._heard[next(iter(self._heard))]
        return [texts[i] for i in kept], np.asarray(stamps)[kept]
