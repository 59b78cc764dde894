"""Export a session as EDF+C: signals on a regular grid, gaps filled and annotated, events as annotations."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import edfio
import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from monitor import __version__
from monitor.files.edf_reader import GAP_TEXT
from monitor.model.errors import InputError
from monitor.model.units import unit_scale_uv
from monitor.model.wording import counted
from monitor.outputs.exports.event_list import Event, session_events
from monitor.session.reader import Session
from monitor.session.signal.recorded import LegSource, RecordedSignal, recorded_signals
from monitor.session.wall_time import WallTime

_LEG_LABELS = {"left": "EMG LAT", "right": "EMG RAT"}
_LABEL_N, _TRANSDUCER_N = 16, 80
_DIGITAL = (-32768, 32767)
# Steps of 0.1, 0.3, 1 ... uV: a fixed range that does not depend on the largest sample.
_HALF_RANGES_UV = (3276.8, 10_000.0, 32_768.0, 100_000.0, 327_680.0)
_CENTRE_UV = 100.0
_COVERED = 99.99
_AT_ONCE = 4

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EdfFile:
    """The created EDF+ file.

    Attributes
    ----------
    data : bytes
        Content of the file.
    labels, rates_hz, units, originals : tuple
        Properties of its signals; ``originals`` are the labels sent by the amplifier.
    leg_of : dict of str to str
        Leg of each label.
    notes : tuple of str
        Changes that the format required, as text.
    """

    data: bytes
    labels: tuple[str, ...]
    rates_hz: tuple[int, ...]
    units: tuple[str, ...]
    originals: tuple[str, ...]
    leg_of: dict[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _ExportedSignal:
    """A channel to export."""

    signal: RecordedSignal
    channel: LegSource
    label: str
    unit: str
    # Continuation of the same leg after a change of source.
    later: tuple[tuple[RecordedSignal, LegSource], ...] = ()

    @property
    def is_leg(self) -> bool:
        return bool(self.channel.leg)


def make_edf(session: Session, *, all_channels: bool, notes: bool) -> EdfFile:
    """Create an EDF+ file from a session.

    Parameters
    ----------
    session : Session
    all_channels : bool
        Whether to include channels other than the legs.
    notes : bool
        Whether to include the text of notes.

    Raises
    ------
    InputError
        If the session has no recorded leg.

    Notes
    -----
    EDF+ (Kemp & Olivan 2003): labels of at most 16 ASCII characters, an integer number of samples per record
    of one second. A fractional rate is resampled to the next higher integer. Missing signal is filled with
    the previous value and annotated ``Signal gap``, which `score` and `replay` read as missing.
    """
    sources, end_s = _sources(session, all_channels=all_channels), math.ceil(session.night.end_us / 1e6)
    _refuse_empty(session, sources, end_s)
    signals, changes, gaps = [], [], list[list[tuple[int, int]]]()
    for source, values in _values(sources, session.night.end_us / 1e6):
        gaps.append(_gaps(values, source.signal.rate_hz, end_s))
        signal, notes_of_signal = _signal(source, values, end_s)
        signals.append(signal)
        changes += notes_of_signal
    events = [*session_events(session, notes=notes), *_gap_events(gaps, [s.label for s in sources])]
    annotations = [_annotation(event) for event in events]
    annotations += [edfio.EdfAnnotation(0.0, None, f"Note: {remark}") for remark in changes]
    begun = _begun(session)
    edf = edfio.Edf(
        signals,
        recording=edfio.Recording(startdate=begun.date(), equipment_code=f"PLMS-Monitor-{__version__}"),
        starttime=begun.time().replace(microsecond=0),
        data_record_duration=1,
        annotations=sorted(annotations),
    )
    out = io.BytesIO()
    edf.write(out)
    return EdfFile(
        out.getvalue(),
        tuple(source.label for source in sources),
        tuple(round(signal.sampling_frequency) for signal in signals),
        tuple(source.unit for source in sources),
        tuple(source.channel.label for source in sources),
        {source.label: source.channel.leg for source in sources if source.is_leg},
        tuple(changes),
    )


def _refuse_empty(session: Session, sources: Sequence[_ExportedSignal], end_s: int) -> None:
    """Refuse a session of which there is no signal to export.

    Raises
    ------
    InputError
    """
    where = str(session.folder.path)
    if not sources:
        raise InputError(where, "contains no recorded leg", "expected a recording.xdf with samples of a leg")
    if end_s <= 0:
        what = "its journal ends at the start of the recording"
        raise InputError(where, what, "run `plms-monitor recover` to find the end of the signal")


def _sources(session: Session, *, all_channels: bool) -> list[_ExportedSignal]:
    """List the legs with unique labels, then, on request, all other channels."""
    legs: dict[tuple[str, int, float], _ExportedSignal] = {}
    others: list[_ExportedSignal] = []
    for signal in recorded_signals(session):
        mine = signal.legs()
        for leg in mine:
            nth = [each.leg for each in mine[: mine.index(leg)]].count(leg.leg)
            place = (leg.leg, nth, signal.rate_hz)
            made = legs.get(place)
            if made is None:
                legs[place] = _ExportedSignal(signal, leg, _LEG_LABELS.get(leg.leg, leg.leg), "uV")
            else:
                legs[place] = replace(made, later=(*made.later, (signal, leg)))
        used = {leg.column for leg in mine}
        for column, (label, unit, _) in enumerate(signal.channels):
            if all_channels and column not in used:
                scale_uv = unit_scale_uv(unit)
                fits = re.sub(r"[^ -~]", "", unit)[:8] if scale_uv is None else "uV"
                channel = LegSource("", label, column, 1.0 if scale_uv is None else scale_uv)
                others.append(_ExportedSignal(signal, channel, label, fits))
    taken: set[str] = set()
    return [_with_own_label(source, taken) for source in (*legs.values(), *others)]


def _with_own_label(source: _ExportedSignal, taken: set[str]) -> _ExportedSignal:
    fallback = f"Ch{source.channel.column + 1}"
    plain = re.sub(r"[^ -~]", "?", source.label)[:_LABEL_N].strip() or fallback
    label, n = plain, 1
    while label in taken:
        n += 1
        label = f"{plain[: _LABEL_N - len(str(n)) - 1]} {n}"
    taken.add(label)
    return replace(source, label=label)


def _values(sources: Sequence[_ExportedSignal], end_s: float) -> Iterator[tuple[_ExportedSignal, Floats]]:
    """Read a few channels at a time: all channels of a long recording may not fit into memory."""
    for start in range(0, len(sources), _AT_ONCE):
        some = sources[start : start + _AT_ONCE]
        grids: dict[tuple[int, int], npt.NDArray[np.float32]] = {}
        for signal in {id(s.signal): s.signal for s in some}.values():
            columns = sorted({c for s in some if s.signal is signal for c in s.channel.columns})
            grids |= {(id(signal), c): g for c, g in zip(columns, signal.grid(columns, end_s).T, strict=True)}
        for source in some:
            mine = [grids[id(source.signal), column] for column in source.channel.columns]
            values = source.channel.values_uv(np.stack(mine, axis=1))
            for signal, channel in source.later:
                more = channel.values_uv(signal.grid(channel.columns, end_s))
                values = np.where(np.isnan(values), more, values)
            yield source, values


def _gaps(values: Floats, rate_hz: float, end_s: int) -> list[tuple[int, int]]:
    """List the gaps as (start, length) in us, including the rest of the last second."""
    missing = np.append(np.isnan(values), False)
    edges = np.flatnonzero(np.diff(missing.astype(np.int8), prepend=0)).reshape(-1, 2)
    spans = [(start / rate_hz, stop / rate_hz) for start, stop in edges.tolist()]
    if len(values) / rate_hz < end_s:
        spans.append((len(values) / rate_hz, float(end_s)))
    return [(round(start * 1e6), round((stop - start) * 1e6)) for start, stop in spans]


def _gap_events(gaps: Sequence[list[tuple[int, int]]], labels: Sequence[str]) -> Iterator[Event]:
    common = set(gaps[0]).intersection(*map(set, gaps[1:]))
    for start_us, length_us in sorted(common):
        yield Event(start_us, length_us, "gap", "", GAP_TEXT)
    for spans, label in zip(gaps, labels, strict=True):
        for start_us, length_us in spans:
            if (start_us, length_us) not in common:
                yield Event(start_us, length_us, "gap", label, GAP_TEXT)


def _signal(source: _ExportedSignal, values: Floats, end_s: int) -> tuple[edfio.EdfSignal, list[str]]:
    rate_hz, changes = source.signal.rate_hz, []
    known = values[~np.isnan(values)]
    values = _filled(values)
    whole_hz = math.ceil(rate_hz - 1e-6)
    if abs(whole_hz - rate_hz) > 1e-6:
        ratio = Fraction(whole_hz / rate_hz).limit_denominator(10_000)
        values = resample_poly(values, ratio.numerator, ratio.denominator, padtype="line")
        changes.append(f"{source.label} resampled from {rate_hz:.6g} Hz to {whole_hz} Hz")
    values = np.pad(values[: end_s * whole_hz], (0, max(0, end_s * whole_hz - len(values))), mode="edge")
    low, high = _range(known)
    n_clipped = int(np.count_nonzero((values < low) | (values > high)))
    if n_clipped:
        changes.append(
            f"{source.label}: {counted(n_clipped, 'sample')} outside {low:g} to {high:g} {source.unit} "
            "clipped"
        )
    step = (high - low) / (_DIGITAL[1] - _DIGITAL[0])
    counts = np.clip(np.rint((values - low) / step) + _DIGITAL[0], *_DIGITAL).astype(np.int16)
    original = re.sub(r"[^ -~]", "?", f"sent as: {source.channel.label}")[:_TRANSDUCER_N]
    signal = edfio.EdfSignal.from_digital(
        counts,
        whole_hz,
        label=source.label,
        transducer_type=original,
        physical_dimension=source.unit,
        physical_range=(low, high),
        digital_range=_DIGITAL,
        prefiltering="",
    )
    return signal, changes


def _filled(values: Floats) -> Floats:
    """Replace missing samples by the previous value, so that a filter does not ring."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    if missing.all():
        return np.zeros_like(values)
    last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(values))))
    first = int(np.argmin(missing))
    return values[np.where(last < 0, first, last)]


def _range(known: Floats) -> tuple[float, float]:
    """Choose the physical range from fixed steps around the offset of the channel."""
    if not len(known):
        return -_HALF_RANGES_UV[0], _HALF_RANGES_UV[0]
    centre = float(np.round(np.median(known) / _CENTRE_UV) * _CENTRE_UV)
    reach = float(np.percentile(np.abs(known - centre), _COVERED))
    half = next((h for h in _HALF_RANGES_UV if h >= reach), 10.0 ** math.ceil(math.log10(max(reach, 1.0))))
    return centre - half, centre + half


def _annotation(event: Event) -> edfio.EdfAnnotation:
    label = _LEG_LABELS.get(event.leg, event.leg)
    text = f"{event.text}@@{label}" if label else event.text
    duration_s = event.duration_us / 1e6 if event.duration_us else None
    return edfio.EdfAnnotation(event.onset_us / 1e6, duration_s, text)


def _begun(session: Session) -> dt.datetime:
    """Return the local time of the first sample, which EDF requires."""
    wall = WallTime.of(session.state.facts("stream"), session.state.facts("clock"))
    return wall.at(0.0) or dt.datetime(1985, 1, 1, tzinfo=dt.UTC)
