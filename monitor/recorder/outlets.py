"""What one bed says to the network: markers, facts, the running index. No note text, no author, no name."""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import platformdirs

from monitor.facts import Fact
from monitor.lsl.outlet import OWN_TYPE, ChannelFormat, ChannelHeader, Outlet, OutletHeader, open_outlet
from monitor.recorder.series import SeriesChange
from monitor.safefile import read_bytes, write_private
from monitor.session.journal import encode

INDEX_CHANNELS = (
    "plms_index_aasm3",
    "plms_index_wasm2016",
    "plm_per_hour_recorded",
    "plm_rate_30min",
    "n_plms_aasm3",
    "n_plms_wasm2016",
    "tst_h",
    "usable_left",
    "usable_right",
    "state",
)
_UNITS = ("1/h",) * 4 + ("count",) * 2 + ("h",) + ("bool",) * 2 + ("code",)
_CURVE_STEP_S, _CURVE_N = 60, 120
_LAST_WORD_S = 1.0
_PLAIN = {"note": "note", "artifact": "artifact"}
_PRIVATE = ("text", "author", "label")


class Outlets:
    """The three outlets of a bed, open from the start so that recorders can find them.

    Parameters
    ----------
    bed : str
    to_lsl : callable
        Turns seconds on the session's timeline into this machine's LSL clock.
    """

    def __init__(self, bed: str, to_lsl: Callable[[float], float]) -> None:
        self._to_lsl = to_lsl
        installation = _installation_id()

        def header(name: str, kind: str, *channels: ChannelHeader) -> OutletHeader:
            kept: ChannelFormat = "float32" if len(channels) > 1 else "string"
            source = _source_id(name, bed, installation)
            return OutletHeader(f"PLMS-{name}-{bed}", kind, source, 0.0, kept, channels, model="PLMS Monitor")

        marker, fact = ChannelHeader("marker", "", "Markers"), ChannelHeader("fact", "", "JSON")
        index = [
            ChannelHeader(label, unit, "Index") for label, unit in zip(INDEX_CHANNELS, _UNITS, strict=True)
        ]
        self._markers = open_outlet(header("Markers", "Markers", marker))
        self._facts = open_outlet(header("Facts", OWN_TYPE, fact))
        self._index = open_outlet(header("Index", OWN_TYPE, *index))
        # The 30-min rate at the end of each of the last minutes, by number of minute.
        self._curve: dict[int, float | None] = {}

    def facts(self, facts: Iterable[Fact]) -> None:
        """Send facts that are on disk, and the markers that go with them."""
        for fact in facts:
            marker = marker_of(fact)
            if marker is not None:
                text, t_s = marker
                self._markers.push_text(text, self._to_lsl(t_s))
            stamp = self._to_lsl(fact.t if fact.t is not None else 0.0)
            self._facts.push_text(public_line(fact), stamp)

    def series(self, changes: Iterable[SeriesChange]) -> None:
        """Send what became of the series."""
        for change in changes:
            self._markers.push_text(f"PLM_series/{change.what}", self._to_lsl(change.t_s))

    def index(self, values: Mapping[str, float | None], t_s: float) -> None:
        """Send the running index, NaN where undefined."""
        numbers = [values[label] for label in INDEX_CHANNELS]
        rate = values["plm_rate_30min"]
        self._curve[int(t_s // _CURVE_STEP_S)] = None if rate is None else round(rate, 1)
        if len(self._curve) > _CURVE_N:
            del self._curve[next(iter(self._curve))]
        self._index.push_sample([math.nan if n is None else n for n in numbers], self._to_lsl(t_s))

    def snapshot(self, snapshot: Mapping[str, Any], t_s: float, standing: Iterable[Fact] = ()) -> None:
        """Send where the night stands, for those who joined late.

        Parameters
        ----------
        snapshot : Mapping
        t_s : float
            Seconds on the session's timeline.
        standing : iterable of Fact
            Facts that say how things are right now; they go along as they were sent when they were new.
        """
        whole = {"kind": "snapshot", "t": t_s} | dict(snapshot)
        whole["curve"] = {"step_s": _CURVE_STEP_S, "rate_30min": list(self._curve.items())}
        whole["standing"] = [_brief(fact) for fact in standing]
        line = json.dumps(whole, separators=(",", ":"))
        self._facts.push_text(line, self._to_lsl(t_s))

    def close(self) -> None:
        """Take the outlets off the network, once whoever listens had time to hear the last word."""
        if any(outlet.have_consumers() for outlet in self._all()):
            # liblsl drops what was not sent yet, and a receiver what it has not yet asked for when we go.
            time.sleep(_LAST_WORD_S)
        for outlet in self._all():
            outlet.close()

    def _all(self) -> tuple[Outlet, ...]:
        return self._markers, self._facts, self._index


def _brief(fact: Fact) -> dict[str, Any]:
    """Return a fact's public line as an object, without the long lists only its journal needs."""
    row: dict[str, Any] = json.loads(public_line(fact))
    for key in ("config", "channels", "crc"):
        row.pop(key, None)
    return row


def marker_of(fact: Fact) -> tuple[str, float] | None:
    """Return the marker that goes with a fact, and its time (s, session), None if none does."""
    if fact.t is None:
        return None
    if fact.kind == "movement":
        return f"LM_{fact.data['leg']}/{fact.data['phase']}", fact.t
    if fact.kind == "lights":
        return f"lights_{fact.data['state']}", fact.t
    if fact.kind in _PLAIN and fact.supersedes is None:
        # An artifact whose end became known was told of when it began.
        return _PLAIN[fact.kind], fact.t
    return None


def public_line(fact: Fact) -> str:
    """Return the journal line without what may name or describe a person."""
    data = {key: value for key, value in fact.data.items() if key not in _private(fact)}
    source = "person" if fact.source.startswith("person") else fact.source
    kept = Fact(fact.kind, fact.t, source, data, fact.supersedes, fact.seq)
    return encode(kept).decode().rstrip("\n")


def _private(fact: Fact) -> tuple[str, ...]:
    if fact.kind in ("marker_rejected", "warning"):
        # The reason may quote what came in.
        return ("text", "reason")
    if fact.kind == "reject":
        return ("reason", "author")
    return _PRIVATE if fact.kind in ("note", "segment") else ("text", "author", "study")


def _source_id(name: str, bed: str, installation: str) -> str:
    return f"plms-monitor-{name.lower()}-{bed}-{installation}"


def other_recorder(bed: str, source_ids: Iterable[str]) -> str:
    """Say whether one of these outlets is of another recorder of the same bed.

    Parameters
    ----------
    bed : str
    source_ids : iterable of str
        Of the streams on the network that have the name of this bed's marker outlet.

    Returns
    -------
    str
        ``here`` if it is this installation's, ``elsewhere`` if another computer's, else empty.
    """
    found = set(source_ids)
    if _source_id("Markers", bed, _installation_id()) in found:
        return "here"
    return "elsewhere" if any(each.startswith(_source_id("Markers", bed, "")) for each in found) else ""


def _installation_id() -> str:
    """Return a random name of this installation, the same at every start."""
    fresh = str(uuid.uuid4())
    try:
        path = platformdirs.user_data_path("plms-monitor") / "installation"
    except RuntimeError:  # no home directory is known
        return fresh
    try:
        return str(uuid.UUID(read_bytes(path).decode().strip()))
    except (OSError, ValueError):
        pass
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, fresh + "\n")
    except OSError:
        # Without a place to keep it the streams still have an id, only not the same one next time.
        return fresh
    return fresh
