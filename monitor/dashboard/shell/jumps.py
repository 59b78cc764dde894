"""Jumps: to a time or an epoch that is typed, and from one event of a kind to the next."""

from __future__ import annotations

from collections.abc import Callable

from monitor.dashboard import texts
from monitor.dashboard.shell.actions import Act
from monitor.dashboard.shell.notes import NoteTaker, Question
from monitor.dashboard.shell.time_navigation import Review
from monitor.dashboard.viewmodel.places import moment_of, times_of


class Jumps:
    """Move the view to a place in the session.

    Parameters
    ----------
    review : Review
    notes : NoteTaker
        Asks for the place.
    say : callable
        Called with a message for the user.
    """

    def __init__(self, review: Review, notes: NoteTaker, say: Callable[[str], None]) -> None:
        self._review, self._notes, self._say = review, notes, say

    def actions(self) -> dict[str, Act]:
        """Return the actions by name."""
        return {
            "goto": lambda _: self._ask(),
            "next": lambda kind: self._go(kind, 1),
            "previous": lambda kind: self._go(kind, -1),
        }

    def _go(self, kind: str, step: int) -> None:
        screen = self._review.screen
        times_s = [] if screen is None else times_of(screen, kind)
        at = self._review.to_next(times_s, step)
        if screen is None or at is None:
            where = texts.AFTER if step > 0 else texts.BEFORE
            self._say(texts.NONE_THERE.format(kind=kind, where=where))
        else:
            moment = screen.wall.text(times_s[at])
            self._say(texts.ARRIVED.format(kind=kind, n=at + 1, of=len(times_s), moment=moment))

    def _ask(self) -> None:
        self._notes.ask(Question(texts.GOTO_QUESTION, "", self._go_to))

    def _go_to(self, text: str) -> None:
        screen = self._review.screen
        t_s = None if screen is None else moment_of(text, screen.wall, self._review.now_s)
        if t_s is None:
            self._say(texts.NO_SUCH_PLACE.format(text=text))
            return
        self._review.show_at(t_s)
        self._review.show_state()
