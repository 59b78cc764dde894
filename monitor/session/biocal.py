"""Bio-calibration as a mode: from its begin to its end nothing is counted, however it ends.

A fold of the facts alone, so that the live index, the tables and a later score agree. One that nobody ended,
or whose recorder was killed, ends by itself: at lights off, at a sleep stage that was entered after it began,
after `LONGEST_S`, or with the recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from monitor.model.facts import Fact
from monitor.scoring.inputs import AUTO, SLEEP

if TYPE_CHECKING:
    from monitor.model.payloads import BiocalData, CalibrationData, LightsData, MotionData, StageData

LONGEST_S = 900.0
COMPLETED, BROKEN_OFF = "completed", "broken off"
LIGHTS_OFF, SLEEP_STAGE, TIME_LIMIT, RECORDING_ENDED = (
    "lights off",
    "a sleep stage",
    f"its limit of {LONGEST_S / 60:.0f} min",
    "the end of the recording",
)
_EPOCH_S = 30.0


class Biocal(NamedTuple):
    """One bio-calibration.

    Attributes
    ----------
    start_s, end_s : float
        Its time (s of the session); while it runs, up to now.
    ended : str
        Why it ended; empty while it runs.
    when : str
        ``before``, ``during`` or ``after`` the recording's night; empty if not stated.
    author : str
    limit_s : float
        When it ends by itself at the latest (s).
    is_noted : bool
        Whether the end is in the journal.
    """

    start_s: float
    end_s: float
    ended: str
    when: str
    author: str
    limit_s: float
    is_noted: bool = True

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return not self.ended

    @property
    def ended_by_itself(self) -> bool:
        """Whether nobody ended it."""
        return self.ended not in ("", COMPLETED, BROKEN_OFF)


def biocals(
    marks: Sequence[Fact[BiocalData]],
    lights: Sequence[Fact[LightsData]],
    stages: Sequence[Fact[StageData]],
    verdicts: Sequence[Fact[CalibrationData]],
    now_s: float,
    stopped_s: float | None = None,
) -> tuple[Biocal, ...]:
    """Return the bio-calibrations of a session, by their begin.

    Parameters
    ----------
    marks : sequence of Fact
        Begins and ends. A begin while one is running is its repetition: the limit counts from there.
    lights, stages : sequence of Fact
        Estimated stages end nothing: a patient who lies still may look asleep.
    verdicts : sequence of Fact
    now_s : float
        How far the recording has come (s).
    stopped_s : float, optional
        Where the recording ended (s), None while it runs or if it was cut off.
    """
    found: list[Biocal] = []
    for run in _runs(marks):
        first, last = run[0], run[-1]
        is_ended = last.data["state"] == "end"
        begins = run[:-1] if is_ended else run
        limit_s = _time(begins[-1]) + LONGEST_S
        end_s, ended = (_time(last), str(last.data.get("reason", BROKEN_OFF))) if is_ended else (limit_s, "")
        if not is_ended or end_s > limit_s:
            end_s, ended = min(_ends(begins, lights, stages, limit_s), key=lambda each: each[0])
        if stopped_s is not None and end_s >= stopped_s and not is_ended:
            end_s, ended = stopped_s, RECORDING_ENDED
        if end_s > now_s:
            end_s, ended = now_s, ended if is_ended else ""
        author = next((str(name) for each in begins if (name := each.data.get("author"))), "")
        when, start_s = str(first.data.get("when", "")), _time(first)
        found.append(Biocal(start_s, max(start_s, end_s), ended, when, author, limit_s, is_ended))
    alone = map(of_verdict, verdicts)
    known = [*found]
    found += [a for a in alone if not any(b.start_s <= a.start_s and a.end_s <= b.end_s for b in known)]
    return tuple(sorted(found))


def _runs(marks: Sequence[Fact[BiocalData]]) -> Iterator[list[Fact[BiocalData]]]:
    """Group each begin with its repetitions and its end, in the order in which they were written."""
    run: list[Fact[BiocalData]] = []
    for mark in marks:
        if mark.data["state"] == "end":
            if run:
                yield [*run, mark]
            run = []
            continue
        if run and _time(mark) > _time(run[-1]) + LONGEST_S:
            yield run
            run = []
        run.append(mark)
    if run:
        yield run


def _ends(
    begins: Sequence[Fact[BiocalData]],
    lights: Sequence[Fact[LightsData]],
    stages: Sequence[Fact[StageData]],
    limit_s: float,
) -> Iterator[tuple[float, str]]:
    """Return when one that nobody ended ends by itself, and why."""
    begin_s, seq = _time(begins[-1]), begins[-1].seq or 0
    yield limit_s, TIME_LIMIT
    for fact in lights:
        if fact.data["state"] == "off" and _time(fact) >= begin_s:
            yield _time(fact), LIGHTS_OFF
    for stage in stages:
        is_later = (stage.seq or 0) > seq and _time(stage) > begin_s - _EPOCH_S
        if is_later and stage.source != AUTO and stage.data["stage"] in SLEEP:
            yield max(_time(stage), begin_s), SLEEP_STAGE


def _time(fact: Fact[BiocalData] | Fact[LightsData] | Fact[StageData]) -> float:
    return fact.t or 0.0


def of_verdict(fact: Fact[CalibrationData]) -> Biocal:
    """Return the bio-calibration of which only the verdict is known, as in sessions of earlier versions."""
    start_s, author = fact.t or 0.0, str(fact.data.get("author", ""))
    end_s = start_s + float(fact.data["duration_s"])
    return Biocal(start_s, end_s, COMPLETED, fact.data["when"], author, end_s)


def n_inside(start_s: float, end_s: float, movements: Iterable[MotionData]) -> int:
    """Return how many movements of single legs overlap a time range (s): these are not counted."""
    return sum(
        data["phase"] == "closed" and data["onset"] < end_s and data["end"] > start_s for data in movements
    )
