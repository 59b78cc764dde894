"""Lanes of other signals beside the legs: the kinds, how each is recognised, filtered, scaled and coloured.

The filters and scales are display settings of the AASM Manual (section on digital specifications); no score
depends on them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from monitor.model.units import unit_scale_uv

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LaneName = Literal["eeg", "eog", "chin", "airflow", "effort", "spo2", "position", "snore", "video"]
Shown = Literal["auto", "eeg", "eog", "chin", "airflow", "effort", "spo2", "position", "snore", "video"]
"""What the configuration may name: all kinds, or one."""
Style = Literal["trace", "step", "text"]
Channels = Sequence[tuple[str, str, str]]
"""Label, unit and type of each channel of a stream, as sent."""

UV = "µV"
AUTO = "auto"
MOST_LANES = 16
"""Lanes that are shown at the same time; a screen has no room for more."""

_ELECTRODES = (
    "C4", "C3", "CZ", "F4", "F3", "FZ", "O2", "O1", "OZ", "P4", "P3", "PZ", "FP2", "FP1", "FPZ", "T3", "T4",
    "T5", "T6", "T7", "T8", "F7", "F8", "P7", "P8",
)  # fmt: skip
_RIGHT = ("C4", "F4", "O2", "P4", "FP2", "T4", "T6", "T8", "F8", "P8", "E2", "ROC")
REFERENCES = ("M1", "A1", "M2", "A2")
_FILLERS = {"EEG", "EMG", "SIM", "SIMULATED"}


@dataclass(frozen=True, slots=True)
class LaneKind:
    """One kind of lane.

    Attributes
    ----------
    name : str
        As in the configuration.
    title : str
        As shown.
    words : tuple of str
        First words of a label that identify it, in capitals.
    unit : str
        Unit of the scale, ``µV`` for what an electrode measures; empty: as sent.
    full : float or None
        Half of the lane's height in `unit`; None: a step of 1-2-5 that holds the signal.
    centre : float
        Value in the middle of the lane, in `unit`.
    band_hz : tuple of float or None
        Display filter: high-pass and low-pass edge (Hz); None: none.
    style : {"trace", "step", "text"}
        A filtered trace, a line of levels with numbers, or numbers alone.
    colour : str
        Key of its colour in a theme.
    """

    name: LaneName
    title: str
    words: tuple[str, ...]
    unit: str = ""
    full: float | None = None
    centre: float = 0.0
    band_hz: tuple[float, float] | None = None
    style: Style = "trace"
    colour: str = "other"


KINDS: Mapping[str, LaneKind] = {
    kind.name: kind
    for kind in (
        LaneKind("eeg", "EEG", _ELECTRODES, UV, 75.0, 0.0, (0.3, 35.0), colour="eeg"),
        LaneKind(
            "eog", "EOG", ("E1", "LOC", "E2", "ROC", "EOGL", "EOGR", "EOG", "LEOG", "REOG"), UV, 150.0, 0.0,
            (0.3, 35.0), colour="eog",
        ),
        LaneKind(
            "chin", "chin EMG", ("CHIN", "SUBMENTAL", "MENTALIS", "CHIN1", "CHIN2", "CHINZ"), UV, 50.0, 0.0,
            (10.0, 100.0), colour="chin",
        ),
        LaneKind(
            "airflow", "airflow",
            ("FLOW", "AIRFLOW", "NASAL", "ORO",
                "ORONASAL", "CANNULA", "NPT", "THERM", "THERMISTOR", "THERMOCOUPLE",
             "PNEUMO", "CPAP"), band_hz=(0.1, 15.0), colour="breath",
        ),
        LaneKind(
            "effort", "effort",
            ("THORAX", "THO", "THOR", "THORACIC", "CHEST", "ABDOMEN", "ABDO", "ABD", "ABDOMINAL", "RIP",
             "EFFORT", "RC"), band_hz=(0.1, 15.0), colour="effort",
        ),
        LaneKind(
            "spo2", "SpO2", ("SPO2", "SAO2", "SAT", "OSAT", "OXYGEN"), "%", 20.0, 80.0, style="step",
            colour="oxygen",
        ),
        LaneKind(
            "position", "position", ("POSITION", "POS", "BODYPOS", "BODYPOSITION", "BODY"), style="step",
        ),
        LaneKind(
            "snore", "snore", ("SNORE", "SNORING", "MIC", "MICROPHONE"), band_hz=(10.0, 100.0),
            colour="effort",
        ),
        LaneKind("video", "video time", ("VIDEO", "VIDEOTIME", "VIDEOFRAME"), style="text"),
    )
}  # fmt: skip
"""The kinds by name, in the order of their lanes."""
NAMES: tuple[str, ...] = get_args(LaneName)
# "Resp chest", "Resp oro-nasal": the word after these says what is measured.
_BEFORE_THE_NAME = {"RESP", "RESPIRATION", "RESPIRATORY", "PRESSURE", "BODY"}
_TYPES = {"EEG": "eeg", "EOG": "eog"}


@dataclass(frozen=True, slots=True)
class LaneChannel:
    """One signal that has a lane.

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    label : str
        As shown: ``C4-M1``.
    stream : int
        Number of its stream.
    channel : int
        Column of the stream.
    unit : str
        Of its values after `scale`: ``µV``, or as sent.
    scale : float
        Value of one stored number in `unit`.
    minus : int or None
        Column that is subtracted, where the amplifier sends site and reference separately.
    """

    kind: LaneName
    label: str
    stream: int
    channel: int
    unit: str
    scale: float = 1.0
    minus: int | None = None

    @property
    def columns(self) -> tuple[int, ...]:
        """Columns of the stream that it is made of."""
        return (self.channel,) if self.minus is None else (self.channel, self.minus)

    def name_in(self, stream: str) -> str:
        """Return a name for its lane that no leg, no limb and no channel of another stream has."""
        return f"{self.kind} {stream}/{self.label}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as the journal has it, in the ``stream`` fact of its stream."""
        found: dict[str, Any] = {"kind": self.kind, "label": self.label, "channel": self.channel}
        found |= {"unit": self.unit, "scale": self.scale}
        return found if self.minus is None else found | {"minus": self.minus}

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> tuple[LaneChannel, ...]:
        """Return the lanes of a stream from its ``stream`` fact; kinds of later versions are left out."""
        return tuple(
            cls(
                each["kind"], each["label"], int(about["key"]), int(each["channel"]), each["unit"],
                float(each["scale"]), each.get("minus"),
            )
            for each in about.get("lanes", ())
            if each["kind"] in KINDS
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LaneWish:
    """Which lanes are shown beside the legs.

    Attributes
    ----------
    show : tuple of str
        Kinds whose recognised channels are shown, or ``auto`` for all kinds.
    channels : Mapping of label to kind
        Channels that are shown in any case, and as what.
    """

    show: tuple[str, ...] = ()
    channels: Mapping[str, LaneName] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether none is wished for."""
        return not self.show and not self.channels

    def of(self, label: str, kind: LaneName | None) -> LaneName | None:
        """Return the kind of lane of a channel, None if it has none."""
        if label in self.channels:
            return self.channels[label]
        return kind if kind is not None and (AUTO in self.show or kind in self.show) else None


NO_LANES = LaneWish()
EVERY = LaneWish((AUTO,))
"""All recognised channels."""


def words_of_label(label: str) -> list[str]:
    """Split a label into sites: ``EEG C4-M1`` is C4 and M1."""
    if re.search(r"imp", label, re.IGNORECASE):
        return []
    words = [w for w in re.split(r"[^A-Z0-9]+", label.upper()) if w and w not in _FILLERS]
    if len(words) > 1 and words[0] in ("EOG", "CHIN"):
        rest = words[1:]
        # "EOG L", "Chin 1": the side belongs to the name; "EOG E1-M2" names its site after it.
        return (
            [words[0] + rest[0], *rest[1:]] if len(rest[0]) == 1 else (rest if words[0] == "EOG" else words)
        )
    return words


def kind_of(label: str, channel_type: str = "") -> LaneName | None:
    """Return the kind of a channel by its label, an EEG or EOG also by its type; None if it has none.

    Examples
    --------
    >>> kind_of("EEG C4-M1"), kind_of("SpO2"), kind_of("Resp chest"), kind_of("LAT", "EMG")
    ('eeg', 'spo2', 'effort', None)
    """
    words = words_of_label(label)
    if words and words[0] in _BEFORE_THE_NAME and len(words) > 1:
        words = words[1:]
    first = words[0] if words else ""
    # "Flow1", "THO2": a number after the name; "C4" and "E1" are names with a number.
    bare = first.rstrip("0123456789")
    for kind in KINDS.values():
        if first in kind.words or (len(bare) > 2 and bare in kind.words):
            return kind.name
    typed = _TYPES.get(channel_type.upper())
    return KINDS[typed].name if typed is not None and first and first not in REFERENCES else None


def reference_of(channels: Channels, kind: str, site: str) -> int | None:
    """Find the column a site that is sent on its own is to be taken against."""
    if kind == "chin":
        wanted: tuple[str, ...] = {"CHIN1": ("CHIN2", "CHINZ"), "CHIN2": ("CHINZ",)}.get(site, ())
    else:
        wanted = REFERENCES if site in _RIGHT else (*REFERENCES[2:], *REFERENCES[:2])
    alone = {
        words[0]: i for i, (label, _, _) in enumerate(channels) if len(words := words_of_label(label)) == 1
    }
    return next((alone[name] for name in wanted if name in alone), None)


def find_lanes(
    stream: int,
    channels: Channels,
    wish: LaneWish = EVERY,
    taken: Collection[int] = (),
    factors: Sequence[float] = (),
) -> tuple[LaneChannel, ...]:
    """Find the channels of one stream that have a lane.

    Parameters
    ----------
    stream : int
        Its number.
    channels : sequence of (label, unit, type)
        As sent, or of a file.
    wish : LaneWish, optional
        All that are recognised by default.
    taken : collection of int
        Columns with a lane of their own: those of the legs and limbs.
    factors : sequence of float, optional
        Value of one stored number in the unit of each channel; 1 by default.

    Returns
    -------
    tuple of LaneChannel
        In the order of the kinds, then of the columns; at most `MOST_LANES`.

    Examples
    --------
    >>> channels = [("LAT", "uV", "EMG"), ("C3", "mV", "EEG"), ("M2", "mV", "EEG"), ("SpO2", "%", "")]
    >>> [(lane.label, lane.unit, lane.scale) for lane in find_lanes(1, channels, taken=(0,))]
    [('C3-M2', 'µV', 1000.0), ('SpO2', '%', 1.0)]
    """
    found = list(_found(stream, channels, wish, taken, factors))
    return tuple(sorted(found, key=lambda lane: (NAMES.index(lane.kind), lane.channel))[:MOST_LANES])


def _found(
    stream: int, channels: Channels, wish: LaneWish, taken: Collection[int], factors: Sequence[float]
) -> Iterator[LaneChannel]:
    for i, (sent, unit, channel_type) in enumerate(channels):
        label = sent or f"#{i + 1}"
        kind = wish.of(label, kind_of(sent, channel_type))
        if kind is None or i in taken:
            continue
        minus = None
        words = words_of_label(sent)
        if kind in ("eeg", "eog", "chin") and len(words) == 1:
            minus = reference_of(channels, kind, words[0])
        if minus is not None and channels[minus][1] != unit:
            minus = None
        factor = factors[i] if factors else 1.0
        scale = unit_scale_uv(unit, factor) if KINDS[kind].unit == UV else None
        shown = label if minus is None else f"{label}-{channels[minus][0]}"
        sent_as = (unit, 1.0) if scale is None else (UV, scale)
        yield LaneChannel(kind, shown, stream, i, *sent_as, minus)


def signals_of(lanes: Sequence[LaneChannel], values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the signals of lanes, shape (n, n_lanes), in their units from samples of all channels."""
    # Imported here: the start screen needs the kinds only, and is shown before NumPy is loaded.
    import numpy as np

    made = np.empty((len(values), len(lanes)))
    for i, lane in enumerate(lanes):
        made[:, i] = values[:, lane.channel]
        if lane.minus is not None:
            made[:, i] -= values[:, lane.minus]
        made[:, i] *= lane.scale
    return made
