"""Find streams on the network: by query, or all that are present."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.lsl.header import full_description
from monitor.lsl.library import lsl
from monitor.lsl.outlet import OWN_SOURCE, OWN_TYPE
from monitor.model.config import MontageWish
from monitor.model.errors import InputError, require_utf8
from monitor.montage import StreamDescription, resting_level, unknown_units, with_levels

_FORGET_AFTER_S = 5.0
_OPEN_TIMEOUT_S = 3.0
_RETRY_S = 5.0
_LEAST_STEPS = 50
_EVEN_SHARE = 0.9
_LEVEL_S = 1.5
_EXAMPLE = "e.g. pred=\"type='EMG'\""


@dataclass(frozen=True, slots=True)
class Query:
    """One ``--stream``: by name, by source id, or by an XPath predicate over the header.

    Attributes
    ----------
    field : str
        ``name``, ``source_id``, ``uid`` (of one run of a source) or ``pred``.
    value : str
    """

    field: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read ``name=X``, ``source_id=X``, ``uid=X``, ``pred=XPATH`` or a bare name.

        Raises
        ------
        InputError
            If the text is empty or no UTF-8, names an unknown field, or its predicate is not well formed.
        """
        require_utf8("--stream", text)
        head, equals, value = text.partition("=")
        field, value = (head.strip(), value.strip()) if equals else ("name", text.strip())
        if field not in ("name", "source_id", "uid", "pred"):
            raise InputError(
                "--stream", f"{text!r} starts with {field!r}", "use name=X, source_id=X, uid=X or pred=XPATH"
            )
        if not value:
            raise InputError(
                "--stream", f"{text!r} has no value", "use name=X, source_id=X, uid=X or pred=XPATH"
            )
        if field == "pred" and not _balanced(value):
            raise InputError("--stream", f"{value!r} is not an XPath predicate", _EXAMPLE)
        return cls(field, value)

    @property
    def predicate(self) -> str:
        """The query as LSL's XPath predicate."""
        if self.field == "pred":
            return self.value
        if "'" in self.value and '"' in self.value:
            # XPath has no escapes: a value with both quotes is put together from pieces.
            pieces = ', "\'", '.join(f"'{piece}'" for piece in self.value.split("'"))
            return f"{self.field}=concat({pieces})"
        quote = '"' if "'" in self.value else "'"
        return f"{self.field}={quote}{self.value}{quote}"

    def __str__(self) -> str:
        return f"{self.field}={self.value}"


def _balanced(predicate: str) -> bool:
    depth, quote = 0, ""
    for char in predicate:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        else:
            depth += (char in "([") - (char in ")]")
        if depth < 0:
            return False
    return depth == 0 and not quote


def is_of_monitor(stream: StreamDescription) -> bool:
    """Whether a stream is the output of a monitor, this one or another bed's: nothing to record."""
    return stream.type == OWN_TYPE or stream.source_id.startswith(OWN_SOURCE)


def _may_be_signal(stream: StreamDescription) -> bool:
    """Whether a stream that calls itself irregular is worth three seconds: another bed's index is not."""
    return stream.rate_hz == 0 and not stream.is_text and not is_of_monitor(stream)


def measured_rate_hz(info: Any, seconds: float = 3.0) -> float | None:
    """Measure the rate of a numeric stream that calls itself irregular.

    Returns
    -------
    float or None
        Samples per second of LSL time; None if its stamps are not evenly spaced: then no rate is right.
    """
    pylsl = lsl()
    inlet = pylsl.StreamInlet(info, recover=False, processing_flags=0)
    stamps: list[float] = []
    try:
        inlet.open_stream(_OPEN_TIMEOUT_S)
        until = pylsl.local_clock() + seconds
        while pylsl.local_clock() < until:
            stamps += list(inlet.pull_chunk(timeout=0.2, max_samples=4096, min_samples=1)[1])
    except (pylsl.util.LostError, pylsl.util.TimeoutError):
        return None
    steps = np.diff(stamps)
    if len(steps) < _LEAST_STEPS or not np.all(np.isfinite(steps)):
        return None
    step_s = float(np.median(steps))
    even = float(np.mean(np.abs(steps - step_s) <= 0.5 * step_s)) if step_s > 0 else 0.0
    return len(steps) / (stamps[-1] - stamps[0]) if even > _EVEN_SHARE else None


def measured_levels(info: Any, stream: StreamDescription, columns: Sequence[int]) -> dict[int, float]:
    """Measure how large some channels are at rest, in their own numbers, over 1.5 s.

    Returns
    -------
    dict of int to float
        By column; empty if nothing came.
    """
    values = some_seconds(info, stream, _LEVEL_S)
    return {i: resting_level(values[:, i], stream.rate_hz) for i in columns} if len(values) else {}


def some_seconds(info: Any, stream: StreamDescription, seconds: float) -> npt.NDArray[np.float64]:
    """Take some seconds of a numeric stream, over a connection of its own.

    Returns
    -------
    ndarray, shape (n_samples, n_channels), float64
        Native numbers; empty if nothing came.
    """
    pylsl = lsl()
    inlet = pylsl.StreamInlet(info, recover=False, processing_flags=0)
    rows: list[list[float]] = []
    try:
        inlet.open_stream(_OPEN_TIMEOUT_S)
        until = pylsl.local_clock() + seconds
        while pylsl.local_clock() < until:
            rows += inlet.pull_chunk(timeout=0.2, max_samples=4096, min_samples=1)[0]
    except (pylsl.util.LostError, pylsl.util.TimeoutError):
        pass
    return np.array(rows, np.float64).reshape(-1, len(stream.channels))


class Finder:
    """Resolve streams continuously, and cache the whole header of each.

    Parameters
    ----------
    query : Query, optional
        Only streams that match; all if None.
    measure : bool
        Measure the rate of numeric streams that call themselves irregular, and how large legs of unknown
        unit are at rest (takes seconds, once each).
    wish : MontageWish, optional
        Which channels are the legs.
    forget_after_s : float
        How long a stream that no longer answers is still listed.

    Raises
    ------
    InputError
        If the query's predicate is no XPath.
    """

    def __init__(
        self,
        query: Query | None = None,
        *,
        measure: bool = False,
        forget_after_s: float = _FORGET_AFTER_S,
        wish: MontageWish | None = None,
    ) -> None:
        self._pred, self._forget_after_s = query.predicate if query else None, forget_after_s
        self._measure, self._wish = measure, wish
        self._retry_s: dict[str, float] = {}
        self._resolver: Any = None
        try:
            self.ask()
        except RuntimeError as err:
            # liblsl alone knows all of XPath; what it cannot parse it refuses here.
            raise InputError("--stream", f"{self._pred!r} is not an XPath predicate", _EXAMPLE) from err
        self._known: dict[str, StreamDescription] = {}

    def ask(self) -> None:
        """Query the network about once a second, from now until `rest`.

        Raises
        ------
        RuntimeError
            If liblsl cannot.
        """
        if self._resolver is None:
            self._resolver = lsl().ContinuousResolver(pred=self._pred, forget_after=self._forget_after_s)

    def rest(self) -> None:
        """Send no queries and know of no stream until `ask` or `found` is called."""
        self._resolver = None

    def found(self) -> list[tuple[Any, StreamDescription]]:
        """List the streams that are there now, by name, each with its LSL info and its description.

        Notes
        -----
        A stream whose header cannot be fetched (its source is dying) is left out until it answers.
        """
        streams = []
        self.ask()
        for info in self._resolver.results():
            stream = self._whole(info)
            if stream is not None:
                streams.append((info, stream))
        return sorted(streams, key=lambda pair: (pair[1].name, pair[1].source_id, pair[1].uid))

    def seen(self) -> list[Any]:
        """List the LSL infos of the streams that answer now, at once: their channels are not in them."""
        return [] if self._resolver is None else list(self._resolver.results())

    def _whole(self, info: Any) -> StreamDescription | None:
        uid, now_s = info.uid(), time.monotonic()
        if uid not in self._known:
            if now_s < self._retry_s.get(uid, now_s):
                return None
            description = full_description(info)
            if description is None:
                # A source that is ending, or an unreadable header: reading takes seconds, not at every call.
                self._retry_s[uid] = now_s + _RETRY_S
                return None
            if self._measure and _may_be_signal(description):
                rate_hz = measured_rate_hz(info)
                description = replace(
                    description, rate_hz=(rate_hz or 0.0) / description.speed, measured=True
                )
            columns = unknown_units(description, self._wish) if self._measure else ()
            if columns and description.rate_hz > 0:
                description = with_levels(description, measured_levels(info, description, columns))
            self._known[uid] = description
        return self._known[uid]
