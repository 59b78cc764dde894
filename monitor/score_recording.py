"""Score one recording with the live detector and rules, and write its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from monitor.detection.whole_recording import FileStream, detect, numbered
from monitor.files import Annotation, RecordedStream, Recording, read_recording
from monitor.files.description import description_of
from monitor.files.list_arguments import ListArguments, options_of
from monitor.files.recording_markers import recording_markers
from monitor.files.scored_lists import listed_facts, read_annotations
from monitor.model.config import Config, MontageWish
from monitor.model.errors import InputError, MonitorError, path_error
from monitor.model.facts import Fact
from monitor.model.labels import RESPIRATORY, normalise
from monitor.model.run_info import scored_with
from monitor.model.wording import counted
from monitor.montage import (
    Chosen,
    StreamDescription,
    assign_legs,
    counter_column,
    first_of_each,
    leg_of_label,
    resting_level,
    unknown_units,
    with_levels,
)
from monitor.scoring import score as rules_score
from monitor.scoring.inputs import STAGES
from monitor.session.folder import refuse_replacing
from monitor.session.markers import EPOCH_S, MarkerReader
from monitor.session.state import SessionState
from monitor.session.tables import write_tables
from monitor.staging.recording_stages import estimated_facts

Say = Callable[[str], None]
Progress = Callable[[float], None]

_LEVEL_S = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """Hold one recording to score, its output folder, and the list used instead of its annotations."""

    file: Path
    target: Path
    events: Path | None = None
    reading: ListArguments = field(default_factory=ListArguments)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold the result of one file: summary or error, and the messages for the user."""

    summary: dict[str, Any] | None
    messages: tuple[str, ...]
    error: str = ""


def outcome_of(job: Job, config: Config, progress: Progress | None = None) -> Outcome:
    """Score one recording; return user errors as an outcome. See :func:`score_file`."""
    messages: list[str] = []
    try:
        summary = score_file(job, config, messages.append, progress)
    except (MonitorError, OSError) as err:
        refused = path_error(err) if isinstance(err, OSError) else err
        if refused is None:
            raise
        words = str(refused)
        return Outcome(None, tuple(messages), words if str(job.file) in words else f"{job.file}: {words}")
    return Outcome(summary, tuple(messages))


def score_file(job: Job, config: Config, say: Say, progress: Progress | None = None) -> dict[str, Any]:
    """Score one recording and write its tables.

    Parameters
    ----------
    job : Job
    config : Config
    say : callable
        Receives each message for the user.
    progress : callable, optional
        Receives the completed share, 0 to 1.

    Returns
    -------
    dict
        The summary.

    Raises
    ------
    InputError
        If a file is unreadable, the legs cannot be identified, no leg was usable at any time, or the tables
        would replace those of a session or the list.
    """
    refuse_replacing(job.target, [job.file, *([job.events] if job.events else [])])
    opened = OpenedRecording.of(job, config, say)
    state = SessionState.of(opened.facts(job, config, say, progress))
    refuse_unusable(job.file, state, config)
    try:
        job.target.mkdir(mode=0o700, parents=True, exist_ok=True)
        return write_tables(job.target, state, config.rules)
    except OSError as err:
        raise InputError(
            str(job.target), f"cannot be written to ({err.strerror})", "choose another --out"
        ) from err


@dataclass(frozen=True, slots=True)
class OpenedRecording:
    """A recording and the channels of its legs.

    Attributes
    ----------
    recording : Recording
    chosen : tuple of Chosen
        The streams with a leg or another limb, each with its channels; its `info` is the `RecordedStream`.
    """

    recording: Recording
    chosen: tuple[Chosen, ...]

    @classmethod
    def of(cls, job: Job, config: Config, say: Say) -> OpenedRecording:
        """Read a recording and identify its legs.

        Raises
        ------
        InputError
            If it cannot be read, or the legs cannot be identified.
        """
        recording = read_recording(job.file)
        for note in recording.notes:
            say(note)
        chosen = _choose(recording, config.wish)
        for each in chosen:
            for channel in each.channels:
                limb, role = (f"{channel.leg} leg", "") if channel.scored else (channel.leg, "; not scored")
                say(f"{limb}: channel {channel.label!r}, unit {channel.unit}{role}")
        return cls(recording, tuple(chosen))

    @property
    def origin_s(self) -> float:
        """Time of the first scored sample in the recording: 0 of the scored timeline (s)."""
        return min(float(each.info.start_s) for each in self.chosen)

    def session(self, config: Config) -> Fact:
        """Return the first fact of its scoring."""
        channels = [channel for each in self.chosen for channel in first_of_each(each.channels)]
        legs = [channel.leg for channel in channels if channel.scored]
        limbs = [channel.leg for channel in channels if not channel.scored]
        about = {"legs": legs, "config": dict(config.document)} | scored_with(config)
        about |= {"limbs": limbs} if limbs else {}
        return Fact("session", 0.0, "score", about, seq=0)

    def facts(self, job: Job, config: Config, say: Say, progress: Progress | None = None) -> list[Fact]:
        """Detect the movements; return them with the list of the job, or else the annotations.

        Raises
        ------
        InputError
            If the list cannot be read, or stages or events cannot be placed.
        """
        listed = None if job.events is None else _listed(job, job.events, config, self, say)
        return _facts(self, config, listed, job.reading, progress, say)


def _choose(recording: Recording, wish: MontageWish) -> list[Chosen]:
    pairs = [(stream, _measured(stream, wish)) for stream in recording.streams if stream.rate_hz > 0]
    if not pairs:
        raise InputError(str(recording.path), "contains no signal with a sampling rate")
    try:
        return [each for each in assign_legs(pairs, wish, lenient=True) if each.channels]
    except InputError as err:
        raise InputError(str(recording.path), str(err)) from err


def _measured(stream: RecordedStream, wish: MontageWish) -> StreamDescription:
    """Describe a stream, with the resting levels of legs without a unit in the file."""
    described = description_of(stream)
    columns = unknown_units(described, wish)
    if not columns:
        return described
    middle_n, half_n = stream.sample_n // 2, round(_LEVEL_S / 2 * stream.rate_hz)
    values = stream.read(list(columns), max(0, middle_n - half_n), min(stream.sample_n, middle_n + half_n))
    levels = {i: resting_level(values[:, k], stream.rate_hz) for k, i in enumerate(columns)}
    return with_levels(described, levels)


def _listed(job: Job, events: Path, config: Config, opened: OpenedRecording, say: Say) -> list[Fact]:
    """Read the list that replaces the annotations of the recording."""
    options = options_of(job.reading, config)
    if options.began is None:
        options = replace(options, began=opened.recording.began)
    scored_list, ignored, notes = read_annotations(events, replace(options, needs_start=True))
    say(f"stages and events read from {events}")
    for label, n in ignored.items():
        say(f"ignored in {events.name}: {n} x {label!r} (unknown type)")
    for note in notes:
        say(f"{events.name}: {note}")
    if scored_list.movements:
        say(
            f"ignored in {events.name}: {counted(len(scored_list.movements), 'leg movement')} "
            "(detected in the signal instead)"
        )
    facts = listed_facts(scored_list, events.name)
    length_s = max(_length_s(each) for each in opened.chosen)
    beyond_n = sum(fact.t is not None and fact.t >= length_s for fact in facts)
    if beyond_n:
        say(f"{events.name}: {beyond_n} of {counted(len(facts), 'event')} after the end of the recording")
    return facts


def _length_s(chosen: Chosen) -> float:
    stream: RecordedStream = chosen.info
    return stream.sample_n / chosen.stream.rate_hz


def _facts(
    opened: OpenedRecording,
    config: Config,
    listed: Sequence[Fact] | None,
    reading: ListArguments,
    progress: Progress | None,
    say: Say,
) -> list[Fact]:
    """Detect movements, and put them together with the list or else the annotations."""
    recording, chosen, origin_s = opened.recording, opened.chosen, opened.origin_s
    found, end_s = detect(
        [_file_stream(each, origin_s) for each in chosen], config.detector, _of_whole(chosen, progress)
    )
    for fact in found:
        if fact.kind == "warning":
            say(f"{fact.data['about']}: {fact.data['reason']}")
    facts = numbered([opened.session(config), *found])
    if listed is None:
        _refuse_unplaced(recording, config)
        annotations = [*recording.annotations, *_stages_among(recording.numbers, reading, config, say)]
        place = (origin_s, chosen[0].stream.speed)
        labels = options_of(reading, config).labels
        facts += _marked(sorted(annotations), place, labels, len(facts), has_points=recording.has_points)
    else:
        facts += [replace(fact, seq=seq) for seq, fact in enumerate(listed, start=len(facts))]
    if config.staging.of_files:
        estimated = estimated_facts(recording, origin_s, end_s, config.staging, say)
        facts += [replace(fact, seq=seq) for seq, fact in enumerate(estimated, start=len(facts))]
    return [*facts, Fact("stop", end_s, "score", {"reason": "end of the file"}, seq=len(facts))]


def _of_whole(chosen: Sequence[Chosen], progress: Progress | None) -> Progress | None:
    """Convert the processed seconds into a share of the whole."""
    if progress is None:
        return None
    whole_s = sum(_length_s(each) for each in chosen) / len(chosen)
    done_s = 0.0

    def took(seconds: float) -> None:
        nonlocal done_s
        done_s += seconds
        progress(done_s / whole_s)

    return took


def _stages_among(
    numbers: Sequence[Annotation], reading: ListArguments, config: Config, say: Say
) -> list[Annotation]:
    """Return the annotations that are numbers and stages because the user says so."""
    options = options_of(reading, config)
    chosen = [one for one in numbers if options.numeric_stages or one.text in options.declared]
    if len(chosen) < len(numbers):
        words = ", ".join(sorted({one.text for one in numbers}, key=lambda text: (len(text), text))[:6])
        n = len(numbers) - len(chosen)
        say(
            f"ignored: {counted(n, 'annotation')} that are numbers ({words}); "
            "--stages numeric reads them as stages"
        )
    return chosen


def _marked(
    annotations: Sequence[Annotation],
    place: tuple[float, float],
    labels: Mapping[str, str],
    first_seq: int,
    *,
    has_points: bool,
) -> Iterator[Fact]:
    """Read the annotations like live markers; an end is matched to its start."""
    reader = MarkerReader(labels)
    seq, (origin_s, speed) = first_seq, place
    for annotation in annotations:
        # EDF+ may name a channel; for an artifact it is the affected leg.
        word, mark, channel = annotation.text.partition("@@")
        leg = leg_of_label(channel) if mark else None
        if has_points:
            fact = _complete(word, (annotation.onset_s - origin_s) * speed, annotation.duration_s, labels)
            if fact is not None:
                yield replace(fact, seq=seq)
                seq += 1
                continue
        for marker in recording_markers([annotation._replace(text=word.strip())]):
            fact = reader.read(marker.text, (marker.onset_s - origin_s) * speed, "annotations")
            if fact is None:
                continue
            if leg is not None and fact.kind == "artifact":
                fact = replace(fact, data={**fact.data, "legs": [leg]})
            fact = replace(fact, seq=seq)
            reader.written(fact)
            seq += 1
            yield fact


def _complete(word: str, at_s: float, duration_s: float, labels: Mapping[str, str]) -> Fact | None:
    """Return a stage with its own length, or an event without a length as a point; None for all else."""
    label, at_s = labels.get(normalise(word)), round(at_s, 6)
    if label in STAGES:
        return Fact("stage", at_s, "annotations", {"stage": label, "duration_s": duration_s or EPOCH_S})
    if duration_s == 0 and label in RESPIRATORY:
        return Fact("respiratory", at_s, "annotations", {"label": label, "duration_s": 0.0})
    if duration_s == 0 and label == "arousal":
        return Fact("arousal", at_s, "annotations", {"duration_s": 0.0})
    return None


def _refuse_unplaced(recording: Recording, config: Config) -> None:
    """Refuse a recording whose stages or events cannot be placed: without them the result would mislead.

    Raises
    ------
    InputError
    """
    reader = MarkerReader(config.labels)
    read = [reader.read(marker.text, 0.0, "annotations") for marker in recording_markers(recording.unplaced)]
    lost = [fact for fact in read if fact is not None and fact.kind != "marker_rejected"]
    if not lost:
        return
    what = "stage or event" if len(lost) == 1 else "stages and events"
    first_s, last_s = recording.unplaced[0].onset_s, recording.unplaced[-1].onset_s
    raise InputError(
        str(recording.path),
        f"{len(lost)} {what} cannot be placed: the stamps lie {first_s:.0f} to {last_s:.0f} s from the first "
        "sample, outside the signal, and the file has no clock offsets to convert them",
        "give the stages with --events",
    )


def _file_stream(chosen: Chosen, origin_s: float) -> FileStream:
    stream: RecordedStream = chosen.info
    channels = chosen.channels
    # Without a stamp for each sample no loss can be hidden.
    counter = counter_column(chosen.stream.channels) if stream.stamps_s is not None else None
    used = {column for channel in channels for column in channel.columns}
    columns = sorted(used if counter is None else used | {counter})
    place = {column: i for i, column in enumerate(columns)}
    moved = tuple(
        replace(c, index=place[c.index], minus=None if c.minus is None else place[c.minus]) for c in channels
    )

    def read(start: int, stop: int) -> tuple[Any, Any]:
        if stream.stamps_s is not None:
            times_s = stream.stamps_s[start:stop]
        else:
            times_s = stream.start_s + np.arange(start, stop) / stream.rate_hz
        return stream.read(columns, start, stop), (times_s - origin_s) * stream.speed

    count = None if counter is None else place[counter]
    return FileStream(chosen.stream.rate_hz, stream.sample_n, moved, read, count, stream.breaks)


def refuse_unusable(file: Path, state: SessionState, config: Config) -> None:
    """Refuse a scored recording in which no leg was usable at any time.

    Raises
    ------
    InputError
    """
    scored = state.night()
    usable_us = rules_score(scored, config.rules[config.main_profile]).denominators.usable_us
    if any(usable_us[leg] > 0 for leg in state.legs):
        return
    causes = {
        leg: sorted(
            {cause for span in scored.unusable[leg] for cause in span.label.split(", ")} - {"learning"}
        )
        for leg in state.legs
    }
    unusable = "; ".join(
        f"{leg} leg {', '.join(words) or 'too short to learn the resting level'}"
        for leg, words in causes.items()
    )
    raise InputError(str(file), f"no leg can be scored: {unusable}")
