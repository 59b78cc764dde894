"""Sleep stages entered by keys."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monitor.dashboard import texts
from monitor.dashboard.shell.actions import Act
from monitor.dashboard.shell.annotation import Annotator
from monitor.dashboard.shell.notes import Question
from monitor.dashboard.shell.time_navigation import Review
from monitor.dashboard.viewmodel.commands import EnterStage
from monitor.session.markers import EPOCH_S

# As long as no rate is shown, a first stage changes little.
_LONG_UNSTAGED_S = 600.0


class StageEntry:
    """The stage keys.

    Parameters
    ----------
    annotator : Annotator
    review : Review
    say : callable
        Called with a message for the user.
    """

    def __init__(self, annotator: Annotator, review: Review, say: Callable[[str], None]) -> None:
        self._annotator, self._review, self._say = annotator, review, say

    def actions(self) -> dict[str, Act]:
        """Return the actions by name."""
        return {"stage": self.enter}

    def enter(self, stage: str) -> None:
        """Enter a stage: from the running epoch on, or in review for the marked epoch."""
        review = self._review
        start_s, is_past = review.epoch_s, review.is_past
        epoch = int(start_s // EPOCH_S) + 1
        if not self._annotator.may_write():
            return
        if not is_past:
            if self._is_first_stage(start_s):
                self._ask_first_stage(start_s, stage)
            else:
                self._stage_from(start_s, stage)
            return
        # In review a stage applies to one epoch, and the next epoch is marked.
        is_first = self._is_first_stage(review.now_s)
        self._annotator.send(EnterStage(start_s, stage, EPOCH_S))
        moment = self._annotator.text_of(start_s)
        sent = texts.STAGE_EPOCH_SENT.format(stage=stage, epoch=epoch, moment=moment)
        self._say(texts.FIRST_STAGE_OF_EPOCH.format(sent=sent) if is_first else sent)
        if start_s + EPOCH_S < review.now_s:
            review.step_epoch(1)

    def _stage_from(self, start_s: float, stage: str) -> None:
        self._annotator.send(EnterStage(start_s, stage))
        self._say(texts.STAGE_SENT.format(stage=stage, epoch=int(start_s // EPOCH_S) + 1))

    def _is_first_stage(self, start_s: float) -> bool:
        """Whether a stage would be the first one, and leave long unscored what is before a time (s)."""
        return (
            self._annotator.screen is not None
            and not self._annotator.screen.night.stages
            and start_s >= _LONG_UNSTAGED_S
        )

    def _ask_first_stage(self, start_s: float, stage: str) -> None:
        """Ask from when on the first stage of the session holds, and say what that changes."""
        screen = self._annotator.screen
        if screen is None:
            return
        off_s = screen.night.lights_off_s
        begin_s = 0.0 if off_s is None else off_s // EPOCH_S * EPOCH_S
        begin = (
            texts.FROM_BEGINNING
            if off_s is None
            else texts.FROM_LIGHTS_OFF.format(moment=self._annotator.text_of(off_s))
        )

        def enter(typed: str) -> None:
            choice = typed.strip().lower()[:1]
            if choice == "o":
                self._stage_from(begin_s, stage)
            elif choice == "h":
                self._stage_from(start_s, stage)
            elif choice == "e":
                self._annotator.send(EnterStage(start_s, stage, EPOCH_S))
                moment, epoch = self._annotator.text_of(start_s), int(start_s // EPOCH_S) + 1
                self._say(texts.STAGE_EPOCH_SENT.format(stage=stage, epoch=epoch, moment=moment))
            else:
                self._say(texts.NO_STAGE_ENTERED)

        first, last = np.searchsorted(screen.movements.onset_s, (begin_s, start_s))
        hint = texts.FIRST_STAGE_QUESTION.format(stage=stage, begin=begin, n=last - first)
        self._annotator.ask(Question(hint, "", enter, on_cancel=lambda: self._say(texts.NO_STAGE_ENTERED)))
