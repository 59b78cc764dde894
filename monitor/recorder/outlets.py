"""What one bed publishes: markers, facts, the running index. No note text, no author, no name.

The index sent every second, and the snapshot sent every half minute.

Changes of the series since the last score, as markers.
"""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import platformdirs

from monitor.lsl.outlet import (
    OWN_SOURCE,
    OWN_TYPE,
    ChannelFormat,
    ChannelHeader,
    Outlet,
    OutletHeader,
    open_outlet,
)
from monitor.model.facts import LEGS, Fact
from monitor.model.safe_file import read_bytes, write_private
from monitor.scoring import Score, Series
from monitor.scoring.scored_lm import LOOKALIKES
from monitor.session.journal import encode
from monitor.session.state import SessionState

_HOUR_US = 3.6e9
_SAVED_OLD_S = 15.0


def index_values(
    state: SessionState, scores: Mapping[str, Score], main_profile: str
) -> dict[str, float | None]:
    """Return the channels of the index outlet by label; None where undefined, or without a score."""
    usable: dict[str, bool] = {leg: state.leg_state(leg) in ("ok", "warn") for leg in LEGS}
    values: dict[str, float | None] = dict.fromkeys(INDEX_CHANNELS)
    values |= {
        "usable_left": float(usable["left"]),
        "usable_right": float(usable["right"]),
        "state": float(_state_code(state, usable)),
    }
    if not scores:
        return values
    main, aasm, wasm = (scores[name].indices for name in (main_profile, "aasm3", "wasm2016"))
    tst_us = scores[main_profile].denominators.tst_us
    return values | {
        "plms_index_aasm3": aasm.plms_index,
        "plms_index_wasm2016": wasm.plms_index,
        "plm_per_hour_recorded": main.plm_per_hour_recorded,
        "plm_rate_30min": main.rate_30min,
        "n_plms_aasm3": aasm.n_plms,
        "n_plms_wasm2016": wasm.n_plms,
        "tst_h": None if tst_us is None else tst_us / _HOUR_US,
    }


def snapshot(
    state: SessionState, scores: Mapping[str, Score], main_profile: str, recorded_s: float
) -> dict[str, Any]:
    """Return the index snapshot, complete for a receiver that joined late."""
    return {
        "bed": state.session["bed"],
        "main_profile": main_profile,
        "recorded_s": recorded_s,
        "index": index_values(state, scores, main_profile),
        "stage": state.stage_at(recorded_s),
        "legs": {leg: state.leg_state(leg) for leg in state.legs},
        "biocal": _biocal_s(state, recorded_s),
    } | _scored(scores.get(main_profile))


def _scored(main: Score | None) -> dict[str, Any]:
    """Return what a snapshot has of the score by the main profile; None without one."""
    if main is None:
        names = ("stages", "n_epochs_auto", "series", "n_series", "n_lm", "lookalikes")
        return dict.fromkeys((*names, "n_plm_by_letter", "n_plms_by_letter")) | {"too_early": []}
    running = _running_series(main)
    return {
        "stages": main.denominators.stages or None,
        "n_epochs_auto": main.denominators.n_epochs_auto,
        "series": None if running is None else {"n": running.n, "onset": running.onset_us / 1e6},
        "n_series": len(main.series),
        "too_early": sorted(main.indices.too_early),
        "n_lm": main.indices.n_lm,
        "lookalikes": dict(main.lookalikes),
        "n_plm_by_letter": (main.by_letter or main.indices).n_plm,
        "n_plms_by_letter": (main.by_letter or main.indices).n_plms,
    }


def news(
    state: SessionState, main: Score | None, recorded_s: float, health: tuple[str, float]
) -> tuple[Any, ...]:
    """Return what of a snapshot must not wait for the next half minute.

    Parameters
    ----------
    state : SessionState
    main : Score or None
        By the main profile; None while there is none.
    recorded_s : float
    health : (str, float)
        Why data cannot be written, and how long ago everything was last on disk (s).
    """
    running, (trouble, saved_s_ago) = main and _running_series(main), health
    legs = [(leg, state.leg_state(leg)) for leg in state.legs]
    running_n, is_old = running and running.n, saved_s_ago > _SAVED_OLD_S
    biocal_s, is_scored = _biocal_s(state, recorded_s), main is not None
    return state.stage_at(recorded_s), legs, is_scored, running_n, trouble, is_old, biocal_s


def _running_series(main: Score) -> Series | None:
    return main.series[-1] if main.series and not main.series[-1].ended else None


def _biocal_s(state: SessionState, recorded_s: float) -> float | None:
    """Return when the bio-calibration that is running began (s), None if none is."""
    return next((each.start_s for each in state.biocals(recorded_s) if each.is_running), None)


def current_facts(state: SessionState) -> list[Fact]:
    """List the facts that describe the present state, for a receiver that joined late.

    The session fact, each stream, each leg's quality, open gaps and the last closed one, the
    lights, the last mark of a bio-calibration, the last stage of each source, acknowledged alerts.
    """
    latest: dict[tuple[str, str], Fact] = {("session", ""): state.facts("session")[0]}
    latest |= {("stream", str(fact.data["key"])): fact for fact in state.facts("stream")}
    latest |= {("quality", fact.data["leg"]): fact for fact in state.facts("quality")}
    latest |= {("stage", fact.source): fact for fact in state.facts("stage")}
    latest |= {(kind, ""): fact for kind in ("lights", "biocal", "stop") for fact in state.facts(kind)[-1:]}
    seen = {key: fact for fact in state.facts("acknowledged") for key in fact.data["alerts"]}
    latest |= {("acknowledged", str(fact.seq)): fact for fact in seen.values()}
    gaps = state.facts("gap")
    open_gaps = [fact for fact in gaps[:-1] if fact.data["end"] is None]
    found = [*latest.values(), *open_gaps, *gaps[-1:]]
    return sorted(found, key=lambda fact: fact.seq or 0)


def _state_code(state: SessionState, usable: Mapping[str, bool]) -> int:
    """Code the state: 0 learning, 1 running, 2 one leg only, 3 no signal, 4 ended."""
    if state.stopped_s is not None:
        return 4
    if any(usable.values()):
        return 1 if all(usable.values()) else 2
    return 0 if any(state.leg_state(leg) == "learning" for leg in state.legs) else 3


_US = 1e-6


@dataclass(frozen=True, slots=True)
class SeriesChange:
    """One change of a series, at its time on the session's timeline (s)."""

    what: Literal["start", "end", "withdrawn"]
    t_s: float


class SeriesWatch:
    """Track which series were published."""

    def __init__(self) -> None:
        self._reported: dict[int, int | None] = {}

    def update(self, series: Iterable[Series]) -> list[SeriesChange]:
        """Compare with what was published before; return the changes, withdrawals first."""
        now = {each.onset_us: each.end_us if each.ended else None for each in series}
        changes = [SeriesChange("withdrawn", onset * _US) for onset in self._reported if onset not in now]
        for onset, end in now.items():
            if onset not in self._reported:
                changes.append(SeriesChange("start", onset * _US))
            if end is not None and self._reported.get(onset) != end:
                changes.append(SeriesChange("end", end * _US))
        self._reported = now
        return changes


class LookalikeWatch:
    """Track which look-alikes were published, by leg and onset."""

    def __init__(self) -> None:
        self._reported: dict[tuple[str, int], str] = {}

    def update(self, score: Score) -> list[tuple[str, float]]:
        """Compare with what was published before; return markers and their times (s), withdrawals first."""
        if score.by_letter is None and not self._reported:
            return []
        now = {(lm.leg, lm.onset_us): lm.why for lm in score.lms if lm.why in LOOKALIKES}
        gone = [where for where, why in self._reported.items() if now.get(where) != why]
        new = [where for where, why in now.items() if self._reported.get(where) != why]
        self._reported = dict(now)
        return [(f"lookalike_{leg}/withdrawn", onset * _US) for leg, onset in gone] + [
            (f"lookalike_{leg}/{now[leg, onset]}", onset * _US) for leg, onset in new
        ]


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

    def lookalikes(self, markers: Iterable[tuple[str, float]]) -> None:
        """Send which movements are look-alikes, or no longer, each at its onset."""
        for text, t_s in markers:
            self._markers.push_text(text, self._to_lsl(t_s))

    def index(self, values: Mapping[str, float | None], t_s: float) -> None:
        """Send the running index, NaN where undefined."""
        numbers = [values[label] for label in INDEX_CHANNELS]
        rate = values["plm_rate_30min"]
        self._curve[int(t_s // _CURVE_STEP_S)] = None if rate is None else round(rate, 1)
        if len(self._curve) > _CURVE_N:
            del self._curve[next(iter(self._curve))]
        self._index.push_sample([math.nan if n is None else n for n in numbers], self._to_lsl(t_s))

    def snapshot(self, snapshot: Mapping[str, Any], t_s: float, current: Iterable[Fact] = ()) -> None:
        """Send the index snapshot, for receivers that joined late.

        Parameters
        ----------
        snapshot : Mapping
        t_s : float
            Seconds on the session's timeline.
        current : iterable of Fact
            Facts that describe the present state, in the form in which they were first sent.
        """
        whole = {"kind": "snapshot", "t": t_s} | dict(snapshot)
        whole["curve"] = {"step_s": _CURVE_STEP_S, "rate_30min": list(self._curve.items())}
        whole["standing"] = [_brief(fact) for fact in current]
        line = json.dumps(whole, separators=(",", ":"))
        self._facts.push_text(line, self._to_lsl(t_s))

    def close(self) -> None:
        """Close the outlets after receivers had time to read the last samples."""
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
        # An artifact that has ended was published when it began.
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
    return f"{OWN_SOURCE}{name.lower()}-{bed}-{installation}"


def other_recorder(bed: str, source_ids: Iterable[str]) -> str:
    """Return whether one of these outlets belongs to another recorder of the same bed.

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
        # If it cannot be stored, the streams get a new id at the next start.
        return fresh
    return fresh
