"""A file without a session on the screen: no number before it is scored, no entry at any time. No Qt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.screen import IndexView, Screen, SeriesView
from monitor.model import wording
from monitor.session.current_alerts import Alert, Phase
from monitor.session.scoring_pipe import ScoringFollower
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.files import Recording

_NAME_N = 22
_NEEDS_SCORE = frozenset({"summary", "trends", "movement", "next", "previous"})
_EDITS = frozenset(
    {"note", "note-here", "lights", "stage", "segment", "judge", "artifact", "undo", "redo"}
    | {"calibrate", "sit", "author", "sign", "report", "finish"}
)


class FileReview:
    """A recording that is scored for this window.

    Parameters
    ----------
    path : Path
        The file.
    scoring : ScoringFollower
        Receives its facts.
    """

    def __init__(self, path: Path, scoring: ScoringFollower) -> None:
        self.path, self.scoring = path, scoring

    @property
    def name(self) -> str:
        """Name of the file, short enough for the top bar."""
        name = self.path.name
        return name if len(name) <= _NAME_N else f"{name[: _NAME_N - 1]}…"

    @property
    def why_read_only(self) -> str:
        """Why nothing can be entered, and what to do."""
        return texts.FILE_READ_ONLY.format(name=wording.argument(self.path.name))

    def recording(self) -> Recording | None:
        """Open the file; None as long as its scoring has not begun, which reads the whole file if needed.

        Raises
        ------
        InputError, MissingError
            If it cannot be read.
        """
        if not self.scoring.has_begun:
            return None
        # Loaded for a file only.
        from monitor.files import read_recording

        return read_recording(self.path, self.scoring.index)

    def phase(self, state: SessionState) -> Phase:
        """Return whether the facts of the file are there; `state` has what was read of them."""
        if state.stopped_s is not None:
            return "scored"
        return "not scored" if self.scoring.failure else "scoring"

    def alerts(self, phase: Phase) -> tuple[Alert, ...]:
        """Say what is wrong with the scoring."""
        failure = self.scoring.failure
        if not failure:
            return ()
        text = failure if phase == "scored" else texts.NOT_SCORED.format(problem=failure)
        return (Alert("high", text, "scoring"),)

    def refusal(self, action: str, screen: Screen | None) -> str:
        """Return why an action is not possible, empty if it is.

        Parameters
        ----------
        action : str
            Its name, without an argument.
        screen : Screen or None
            The newest screen.
        """
        if action in _EDITS:
            return self.why_read_only
        if action in _NEEDS_SCORE and (screen is None or screen.top.phase != "scored"):
            failure = self.scoring.failure
            if failure:
                return texts.NOT_SCORED.format(problem=failure)
            return texts.NOT_SCORED_YET.format(share=self.scoring.share)
        return ""

    def shown(self, screen: Screen) -> Screen:
        """Return the screen of the file: without any number as long as it is not scored."""
        top = replace(screen.top, bed=self.name, is_file=True, scored_share=self.scoring.share)
        if top.phase == "scored":
            return replace(screen, top=top)
        return replace(
            screen,
            top=top,
            index=_no_index(screen.index, top.phase, self.scoring.share),
            series=SeriesView("none", wording.NONE, wording.NONE, wording.NONE, ""),
            tonight=(),
            excluded="",
        )


def _no_index(index: IndexView, phase: Phase, share: float) -> IndexView:
    is_running = phase == "scoring"
    return replace(
        index,
        title=texts.SCORING_TITLE,
        value=f"{share:.0%}" if is_running else wording.NONE,
        unit="",
        is_too_early=False,
        is_word=True,
        remark=texts.SCORING_REMARK if is_running else texts.NOT_SCORED_REMARK,
        trend="",
        band="",
        thresholds="",
        letter_text="",
        rate_text="",
        rules=(),
    )
