"""The course of a bio-calibration: which step it is, how long, what was seen of it. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from monitor.dashboard.viewmodel.screen import CalibrationView, MovementsView, TopView
from monitor.session.calibration import RELAX_S, STEPS, WANTED

Step = Literal["ready", "relax", "left", "right", "both", "judged", "done"]
_ENDED = frozenset({"lm", "plm", "out"})
_RUNNING = frozenset({"flagged", "open"})
_SAID = {
    "ready": "The patient lies still, legs relaxed and stretched.",
    "relax": "Relax: lie still.",
    "left": "Lift the LEFT foot three times, 2 s apart.",
    "right": "Lift the RIGHT foot three times, 2 s apart.",
    "both": "Lift BOTH feet once, together.",
    "judged": "Judging…",
}


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
        Of the newest calibration there is already.

    Attributes
    ----------
    spans : dict of str to [begin, end]
        Of the steps so far (s).
    seen : dict of str to int
        Movements of each leg that ended in this step.
    result : CalibrationView or None
        Once the recorder has judged.
    """

    legs: Sequence[str]
    when: str
    known_seq: int
    step: Step = "ready"
    spans: dict[str, list[float]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    result: CalibrationView | None = None
    is_sent: bool = False

    @property
    def order(self) -> list[Step]:
        """The steps there are for these legs."""
        wanted = [s for s in STEPS if s in ("relax", *self.legs) or len(self.legs) == 2]
        return ["ready", *wanted, "judged", "done"]  # type: ignore[list-item]

    def go_on(self, now_s: float) -> None:
        """End the step that is on and begin the next."""
        if self.step in ("judged", "done"):
            return
        if self.step in self.spans:
            self.spans[self.step][1] = now_s
        self.step = self.order[self.order.index(self.step) + 1]
        self.seen = dict.fromkeys(self.legs, 0)
        if self.step != "judged":
            self.spans[self.step] = [now_s, now_s]

    def look(self, movements: MovementsView, now_s: float) -> None:
        """Count what was seen, and go on once the step has what it needs."""
        if self.step not in self.spans:
            return
        begin_s = self.spans[self.step][0]
        own = [b for b in movements.brackets[-50:] if b.onset_s > begin_s]
        self.seen = {leg: sum(b.leg == leg and b.life in _ENDED for b in own) for leg in self.legs}
        if self.step == "relax":
            if now_s - begin_s >= RELAX_S:
                self.go_on(now_s)
        elif not any(b.life in _RUNNING for b in own) and self._has_enough():
            self.go_on(now_s)

    def _has_enough(self) -> bool:
        wanted = WANTED[self.step]
        if self.step == "both":
            return min(self.seen.values()) >= wanted
        # On whichever leg: swapped electrodes show on the other one.
        return max(self.seen.values()) >= wanted

    def judged(self, known: Sequence[CalibrationView]) -> None:
        """Take the recorder's judgement, once it is among those that are known."""
        if self.step == "judged" and known and known[-1].seq > self.known_seq:
            self.step, self.result = "done", known[-1]

    def request(self) -> dict[str, object]:
        """Return what the recorder is asked to judge."""
        return {"do": "calibration", "when": self.when, "steps": {k: list(v) for k, v in self.spans.items()}}

    def texts(self, now_s: float) -> tuple[str, str]:
        """Return what is to be done, and how far it is."""
        if self.result is not None:
            return ("PASS" if self.result.has_passed else "REPEAT"), "; ".join(self.result.why)
        if self.step == "relax":
            left_s = max(0.0, RELAX_S - (now_s - self.spans["relax"][0]))
            return _SAID["relax"], f"{left_s:.0f} s left" + self._restless()
        if self.step in WANTED:
            counts = " · ".join(f"{leg} {n}" for leg, n in self.seen.items())
            return _SAID[self.step], f"seen: {counts} of {WANTED[self.step]}"
        return _SAID[self.step], ""

    def _restless(self) -> str:
        moved = [leg for leg, n in self.seen.items() if n]
        return f"   ·   moved: {', '.join(moved)}" if moved else ""


def when_of(top: TopView) -> str:
    """Say whether it is before, during or after the night, by the lights."""
    return {None: "before", True: "during", False: "after"}[top.is_lights_off]


def result_rows(result: CalibrationView) -> list[tuple[str, str, str]]:
    """Write of each leg: its name, its rest, how far it rose above it."""
    rows = []
    for leg, (rest_uv, over_rest_uv) in result.legs.items():
        rest = "–" if rest_uv is None else f"{rest_uv:.1f} µV"
        over = ", ".join(f"{uv:.0f}" for uv in over_rest_uv)
        rows.append((leg, rest, f"{over} µV" if over else "not seen"))
    return rows
