"""The course of a bio-calibration: its steps, their times, the movements detected. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.commands import Calibrate, MarkBiocal
from monitor.dashboard.viewmodel.screen import BiocalView, CalibrationView, Lift, MovementsView, TopView
from monitor.session.biocal import BROKEN_OFF, COMPLETED
from monitor.session.calibration import RELAX_S, STEPS, WANTED

Step = Literal["ready", "relax", "left", "right", "both", "judged", "done"]
# Lifts of a foot every 2 s have the rhythm of a tremor.
_ENDED = frozenset({"lm", "plm", "out", "lookalike"})
_RUNNING = frozenset({"flagged", "open"})


@dataclass(slots=True)
class CalibrationCourse:
    """One bio-calibration.

    Parameters
    ----------
    legs : sequence of str
        Those that have a channel.
    when : str
        ``before``, ``during`` or ``after`` the night.
    known_seq : int
        Of the newest calibration in the journal.
    begun_s : float
        Its begin (s): from then on nothing is counted.

    Attributes
    ----------
    spans : dict of str to [begin, end]
        Times of the steps so far (s).
    seen : dict of str to int
        Movements of each leg that ended during this step.
    result : CalibrationView or None
        The recorder's verdict, once it is known.
    """

    legs: Sequence[str]
    when: str
    known_seq: int
    begun_s: float = 0.0
    step: Step = "ready"
    spans: dict[str, list[float]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    result: CalibrationView | None = None
    is_sent: bool = False
    # Whether the recorder has begun, and whether it has been asked to end.
    is_known: bool = False
    is_over: bool = False

    @property
    def order(self) -> list[Step]:
        """The steps for these legs."""
        wanted = [s for s in STEPS if s in ("relax", *self.legs) or len(self.legs) == 2]
        return ["ready", *wanted, "judged", "done"]  # type: ignore[list-item]

    def next_step(self, now_s: float) -> None:
        """End the current step and start the next."""
        if self.step in ("judged", "done"):
            return
        if self.step in self.spans:
            self.spans[self.step][1] = now_s
        self.step = self.order[self.order.index(self.step) + 1]
        self.seen = dict.fromkeys(self.legs, 0)
        if self.step != "judged":
            self.spans[self.step] = [now_s, now_s]

    def update(self, movements: MovementsView, now_s: float) -> None:
        """Count the movements detected; start the next step once there are enough."""
        if self.step not in self.spans:
            return
        begin_s = self.spans[self.step][0]
        own = [b for b in movements.brackets[-50:] if b.onset_s > begin_s]
        self.seen = {leg: sum(b.leg == leg and b.life in _ENDED for b in own) for leg in self.legs}
        if self.step == "relax":
            if now_s - begin_s >= RELAX_S:
                self.next_step(now_s)
        elif not any(b.life in _RUNNING for b in own) and self._has_enough():
            self.next_step(now_s)

    def _has_enough(self) -> bool:
        wanted = WANTED[self.step]
        if self.step == "both":
            return min(self.seen.values()) >= wanted
        # On either leg: with swapped electrodes the movement appears on the other one.
        return max(self.seen.values()) >= wanted

    def judged(self, known: Sequence[CalibrationView]) -> None:
        """Take the recorder's verdict, once it is in the journal."""
        if self.step == "judged" and known and known[-1].seq > self.known_seq:
            self.step, self.result = "done", known[-1]

    def has_ended(self, biocal: BiocalView | None) -> bool:
        """Take what the journal says of the mode; return whether it ended without this course."""
        is_running = biocal is not None and biocal.is_running
        self.is_known |= is_running
        return self.is_known and not is_running and not self.is_over

    def begin(self) -> MarkBiocal:
        """Return the entry that begins the mode."""
        return MarkBiocal(self.begun_s, "begin", when=self.when)

    def end(self, now_s: float) -> MarkBiocal:
        """Return the entry that ends the mode."""
        self.is_over = True
        return MarkBiocal(now_s, "end", reason=COMPLETED if self.result is not None else BROKEN_OFF)

    def lifts(self, biocal: BiocalView | None) -> list[Lift]:
        """Return the movements of this course so far, to be shown by their amplitude."""
        found = () if biocal is None else biocal.lifts
        return [each for each in found if each.onset_s > self.begun_s and each.leg in self.legs]

    def request(self) -> Calibrate:
        """Return the entry for the recorder, which gives the verdict."""
        return Calibrate(self.when, {step: tuple(span) for step, span in self.spans.items()})

    def texts(self, now_s: float) -> tuple[str, str]:
        """Return the instruction and the progress."""
        if self.result is not None:
            return ("PASS" if self.result.has_passed else "REPEAT"), "; ".join(self.result.why)
        if self.step == "relax":
            left_s = max(0.0, RELAX_S - (now_s - self.spans["relax"][0]))
            return texts.CALIBRATION_STEPS["relax"], texts.CALIBRATION_LEFT.format(
                left_s=left_s
            ) + self._moved()
        if self.step in WANTED:
            counts = " · ".join(f"{leg} {n}" for leg, n in self.seen.items())
            progress = texts.CALIBRATION_COUNT.format(counts=counts, wanted=WANTED[self.step])
            return texts.CALIBRATION_STEPS[self.step], progress
        return texts.CALIBRATION_STEPS[self.step], ""

    def _moved(self) -> str:
        moved = [leg for leg, n in self.seen.items() if n]
        return texts.CALIBRATION_MOVED.format(legs=", ".join(moved)) if moved else ""


def when_of(top: TopView) -> str:
    """Return ``before``, ``during`` or ``after`` the night, by the lights."""
    return {None: "before", True: "during", False: "after"}[top.is_lights_off]


def result_rows(result: CalibrationView) -> list[tuple[str, str, str]]:
    """Return for each leg: name, resting level, rise above it of each movement."""
    rows = []
    for leg, (rest_uv, over_rest_uv) in result.legs.items():
        rest = "–" if rest_uv is None else f"{rest_uv:.1f} µV"
        over = ", ".join(f"{uv:.0f}" for uv in over_rest_uv)
        rows.append((leg, rest, f"{over} µV" if over else texts.CALIBRATION_NOT_DETECTED))
    return rows
