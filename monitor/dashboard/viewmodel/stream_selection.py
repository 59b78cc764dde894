"""The state of the start screen: streams found, their legs, what is still missing. No Qt.

`StartDefaults` restores the streams, legs and unit of the previous session of the bed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.dashboard import texts
from monitor.dashboard.theme import NIGHT, Theme, theme_named
from monitor.model.errors import InputError
from monitor.model.lanes import KINDS

if TYPE_CHECKING:
    from monitor.dashboard.viewmodel.settings import SavedChoice, SavedStream, SettingsFile

AS_SENT = ""
UNITS: tuple[str, ...] = ("uV", "mV", "V", "nV")


# Mains (RMS) from which the recording would warn too.
_MAINS_UV = 3.0


@dataclass(frozen=True, slots=True)
class LegPreview:
    """A few seconds of a leg.

    Attributes
    ----------
    text : str
        Resting level, mains if there is much, and a word.
    is_bad : bool
        Whether there is no usable signal.
    trace_uv : tuple of (float, float)
        Lowest and highest value of each column (uV).
    """

    leg: str
    text: str
    is_bad: bool
    trace_uv: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class OfferedLane:
    """A signal that may be shown beside the legs.

    Attributes
    ----------
    channel : str
        Label of its channel.
    text : str
        As shown: label and kind.
    is_shown : bool
        Whether the configuration shows it.
    """

    channel: str
    kind: str
    text: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class OfferedStream:
    """One stream on the network.

    Attributes
    ----------
    channels : tuple of str
        Labels; a channel without one is ``#n``, counted from 1.
    units : tuple of str
        As sent, empty where the header has none.
    left, right : str
        Channels recognised as legs, empty if none was.
    lanes : tuple of OfferedLane
        Signals that may be shown beside the legs.
    preview : tuple of LegPreview
        The last seconds of the legs, empty until they were measured; not part of the comparison.
    """

    uid: str
    name: str
    type: str
    source_id: str
    rate_hz: float
    hostname: str
    is_simulated: bool
    is_text: bool
    channels: tuple[str, ...]
    units: tuple[str, ...]
    left: str
    right: str
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    lanes: tuple[OfferedLane, ...] = ()
    preview: tuple[LegPreview, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> OfferedStream:
        """Read one stream of the recorder's answer."""
        channels = answer.get("channels") or ()
        names = tuple(str(c.get("label") or f"#{i}") for i, c in enumerate(channels, start=1))
        legs = answer.get("legs") or {}
        read = {leg: names[int(found["channel"])] for leg, found in legs.items()}
        return cls(
            str(answer.get("uid", "")),
            str(answer.get("name", "")),
            str(answer.get("type", "")),
            str(answer.get("source_id", "")),
            float(answer.get("rate_hz") or 0.0),
            str(answer.get("hostname", "")),
            bool(answer.get("simulated")),
            bool(answer.get("is_text")),
            names,
            tuple(str(c.get("unit") or "") for c in channels),
            read.get("left", ""),
            read.get("right", ""),
            tuple(answer.get("problems") or ()),
            tuple(answer.get("warnings") or ()),
            tuple(_lane(each) for each in answer.get("lanes") or () if each.get("kind") in KINDS),
            _preview(answer.get("rests") or {}),
        )

    @property
    def has_legs(self) -> bool:
        """Whether a leg channel was recognised."""
        return bool(self.left or self.right)

    @property
    def about(self) -> str:
        """Rate, channels and origin in one line."""
        rate = "markers" if self.is_text else f"{self.rate_hz:g} Hz"
        n = len(self.channels)
        parts = [self.type or "no type", rate, f"{n} channel{'s' if n != 1 else ''}", f"from {self.hostname}"]
        return " · ".join([*parts, "simulated"] if self.is_simulated else parts)

    @property
    def reading(self) -> str:
        """Recognised channels and problems in one line."""
        if self.is_text:
            return texts.MARKER_STREAM
        found = [f"{leg}: {name}" for leg, name in (("left", self.left), ("right", self.right)) if name]
        return "   ".join([*found, *self.problems, *self.warnings]) or texts.NO_LEG_CHANNEL


def _lane(offered: Mapping[str, Any]) -> OfferedLane:
    kind, label = str(offered["kind"]), str(offered["label"])
    title = KINDS[kind].title
    text = label if title.lower() in label.lower() else f"{label} ({title})"
    return OfferedLane(str(offered["channel"]), kind, text, bool(offered.get("is_shown")))


def _preview(rests: Mapping[str, Mapping[str, Any]]) -> tuple[LegPreview, ...]:
    return tuple(_leg_preview(leg, found) for leg, found in rests.items())


def _leg_preview(leg: str, found: Mapping[str, Any]) -> LegPreview:
    rest_uv, mains_uv, word = found.get("rest_uv"), found.get("mains_uv") or 0.0, str(found["word"])
    parts = [leg]
    if rest_uv is not None:
        parts.append(texts.PREVIEW_REST.format(rest_uv=rest_uv))
    has_mains = mains_uv >= _MAINS_UV
    parts.append(texts.PREVIEW_MAINS.format(mains_uv=mains_uv) if has_mains else word)
    trace = tuple((float(low), float(high)) for low, high in found.get("trace") or ())
    return LegPreview(leg, " ".join(parts), has_mains or word != "ok", trace)


@dataclass(frozen=True, slots=True)
class Choice:
    """The current selection."""

    uids: tuple[str, ...]
    left: str
    right: str
    unit: str
    bed: str
    main_profile: str
    study: str = ""
    lanes: tuple[OfferedLane, ...] = ()

    def to_save(self, streams: Sequence[OfferedStream]) -> SavedChoice:
        """Return the selection in the form that is saved for the next session."""
        # Imported here: the start screen is shown before the settings can be read.
        from monitor.dashboard.viewmodel.settings import SavedChoice, SavedStream

        chosen = [stream for stream in streams if stream.uid in self.uids]
        known = tuple(
            SavedStream(name=s.name, type=s.type, source_id=s.source_id, hostname=s.hostname) for s in chosen
        )
        return SavedChoice(
            streams=known,
            left=self.left,
            right=self.right,
            unit=self.unit,
            main_profile=self.main_profile,
            lanes=tuple(lane.channel for lane in self.lanes),
        )

    def request(self) -> dict[str, object]:
        """Return the request to record this selection."""
        return {
            "do": "choose",
            "uids": list(self.uids),
            "left": self.left,
            "right": self.right,
            "unit": self.unit,
            "bed": self.bed,
            "study": self.study,
            "main_profile": self.main_profile,
            "lanes": {lane.channel: lane.kind for lane in self.lanes},
        }


def suggested(streams: Sequence[OfferedStream]) -> frozenset[str]:
    """Suggest streams: every real one with a recognised leg, and the marker streams."""
    legs = {stream.uid for stream in streams if stream.has_legs and not stream.is_simulated}
    if len(legs) > 1 and not _are_halves([stream for stream in streams if stream.uid in legs]):
        # Two amplifiers: only a person knows which one belongs to this bed.
        return frozenset()
    markers = {stream.uid for stream in streams if stream.is_text and not stream.is_simulated}
    return frozenset(legs | markers) if legs else frozenset()


def saved_streams(streams: Sequence[OfferedStream], choice: SavedChoice | None) -> frozenset[str]:
    """Return the streams of a saved choice; none unless each is present exactly once and is not simulated."""
    if choice is None or not choice.streams:
        return frozenset()
    found = [[s.uid for s in streams if not s.is_simulated and _is_again(s, one)] for one in choice.streams]
    return frozenset(uids[0] for uids in found) if all(len(uids) == 1 for uids in found) else frozenset()


def _is_again(stream: OfferedStream, known: SavedStream) -> bool:
    if (stream.name, stream.type, stream.source_id) != (known.name, known.type, known.source_id):
        return False
    # A source id identifies the stream on any computer; without one the computer must be the same.
    return bool(known.source_id) or stream.hostname == known.hostname


def _are_halves(streams: Sequence[OfferedStream]) -> bool:
    """Whether two streams carry one leg each."""
    return len(streams) == 2 and {bool(s.left) for s in streams} == {True, False}


def leg_names(streams: Sequence[OfferedStream], chosen: Collection[str]) -> tuple[str, ...]:
    """List the channels that can be selected for a leg."""
    return tuple(
        name for stream in streams if stream.uid in chosen and not stream.is_text for name in stream.channels
    )


def what_is_missing(streams: Sequence[OfferedStream], choice: Choice) -> str:
    """Return what is still missing before the recording can start; empty if nothing is."""
    chosen = [stream for stream in streams if stream.uid in choice.uids]
    if not any(not stream.is_text for stream in chosen):
        return texts.SELECT_STREAM
    if not (choice.left or choice.right):
        return texts.SELECT_LEGS
    if choice.left == choice.right:
        return texts.SAME_CHANNEL
    if choice.unit == AS_SENT and not _has_units(chosen, (choice.left, choice.right)):
        return texts.SELECT_UNIT
    return "" if choice.bed else texts.ENTER_BED


def _has_units(streams: Sequence[OfferedStream], legs: Collection[str]) -> bool:
    return all(
        unit
        for stream in streams
        for name, unit in zip(stream.channels, stream.units, strict=True)
        if name in legs and name
    )


class StartDefaults:
    """Load and save the selection of the start screen.

    Parameters
    ----------
    settings : callable or None
        Returns the settings of a bed, or raises `InputError`; None: nothing is loaded or saved.

    Attributes
    ----------
    text_scale : float
        Size of the text, as saved for the bed.
    """

    def __init__(self, settings: Callable[[str], SettingsFile] | None) -> None:
        self._settings = settings
        self._choice: SavedChoice | None = None
        self.text_scale = 1.0

    def of_bed(self, bed: str) -> tuple[Theme, str]:
        """Load the settings of a bed; return its theme, and a message if they could not be read."""
        if self._settings is None:
            return NIGHT, ""
        try:
            settings, problem = self._settings(bed).load()
        except InputError:
            return NIGHT, ""
        self._choice, self.text_scale = settings.choice, settings.text_scale
        return theme_named(settings.theme), problem

    def recall(self, streams: Sequence[OfferedStream]) -> tuple[frozenset[str], SavedChoice] | None:
        """Return the saved choice and its streams once all are present; only one time."""
        choice, uids = self._choice, saved_streams(streams, self._choice)
        if choice is None or not uids:
            return None
        self._choice = None
        return uids, choice

    def save(self, choice: Choice, streams: Sequence[OfferedStream]) -> None:
        """Save the choice; if that fails, recording starts all the same."""
        if self._settings is None:
            return
        try:
            file = self._settings(choice.bed)
            before, _ = file.load()
            file.save(before.model_copy(update={"choice": choice.to_save(streams)}))
        except InputError:
            return
