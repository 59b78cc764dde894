"""Find a source again, distinguish it from similar ones, and never switch to another one silently."""

from __future__ import annotations

import contextlib
import queue
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from monitor.lsl.arrivals import Answer, Arrival, StreamChanged
from monitor.lsl.discovery import Finder, Query
from monitor.lsl.successor import RIVAL, Successor, same_source
from monitor.model.wording import counted
from monitor.montage import Found, StreamDescription

_FORGET_AFTER_S = 2.0
# Every outlet on the network receives each query: a source that sends and is alone is queried once in a time
# between these, at random, because recorders of a ward that begin together must not query together.
_ASK_AFTER_S = (7.0, 13.0)
_MOST_LISTED = 4
HOW_TO_ACCEPT = "plms-monitor accept SESSION"
"""In a reason: a person is asked to accept the source."""
_PINNED = ("name", "type", "source_id", "hostname")
_DESCRIPTOR = ("rate_hz", "channel_format", "channels", "speed")


class Questions:
    """Ask once about each changed stream, and remember the answers.

    Parameters
    ----------
    key : int
        Of the reader.
    arrivals : queue.SimpleQueue
        Where the questions go; the answers come back through `take`.
    """

    def __init__(self, key: int, arrivals: queue.SimpleQueue[Arrival]) -> None:
        self._key, self._arrivals = key, arrivals
        self._refused: dict[StreamChanged, str | None] = {}

    def refused(self, stream: StreamDescription, differs: str, *, is_named: bool = False) -> str | None:
        """Return why a stream is refused, empty if accepted; ask, and return None, until that is known."""
        change = StreamChanged(self._key, stream, differs, is_named)
        if change not in self._refused:
            self._refused[change] = None
            self._arrivals.put(change)
        return self._refused[change]

    def accepts(self, stream: StreamDescription) -> bool:
        """Whether this stream was accepted, for whatever reason it was asked about."""
        return any(change.stream == stream and refused == "" for change, refused in self._refused.items())

    def take(self, answer: Answer) -> None:
        """Store an answer; one to a question that was void by then is ignored."""
        if answer.change in self._refused:
            self._refused[answer.change] = answer.refused

    def forget(self) -> None:
        """Drop every question and answer: the source is another one now, or was assigned."""
        self._refused.clear()


class Search:
    """Look for one source on the network.

    Parameters
    ----------
    stream : StreamDescription
        What was chosen: name, type, source id and host are pinned, its header may change if that is accepted.
        Under another source id it is used if no other stream could be it, see `monitor.lsl.successor`.
    questions : Questions
        No changed stream is used before it was accepted.
    report : callable
        Called once with each message for a person.
    named : Query, optional
        A person selected the stream that matches as the source, whatever its name and host; the search for
        the source itself continues.
    """

    def __init__(
        self,
        stream: StreamDescription,
        questions: Questions,
        report: Callable[[str], None],
        named: Query | None = None,
    ) -> None:
        self.stream = stream
        self._questions, self._report = questions, report
        self._finder = Finder(same_source(stream), forget_after_s=_FORGET_AFTER_S)
        self._successor = Successor(stream, lambda now: changed(self.stream, now), self._is_taken)
        self._named_finder = Finder(named, forget_after_s=_FORGET_AFTER_S) if named else None
        self._reported: set[str] = set()
        self._twins: set[str] = set()
        self._first_seen_s: dict[str, float] = {}
        self._next_query_s = float("-inf")

    def find_again(self) -> Any:
        """Search once; return the LSL info of the source if it is present and unambiguous."""
        if self._named_finder is not None and (named := self._named_finder.found()):
            return self._one_of(named, is_named=True)
        found = self._finder.found()
        info = self._one_of([each for each in found if self._has_its_id(each[1].source_id)], is_named=False)
        return self._by_another_id(found) if info is None else info

    def _is_taken(self, stream: StreamDescription) -> bool | None:
        refused = self._questions.refused(stream, "")
        return None if refused is None else bool(refused)

    def _has_its_id(self, source_id: str) -> bool:
        return source_id == self.stream.source_id

    def _by_another_id(self, found: Sequence[Found]) -> Any:
        successor = self._successor.find(found, time.monotonic())
        if self._successor.why_not:
            how = _how(f"--stream uid={self._successor.suggested_uid}")
            self._report_once(f"{self._successor.why_not} is not used. {how}")
        return None if successor is None else successor[0]

    def _one_of(self, found: Sequence[Found], *, is_named: bool) -> Any:
        hits, is_waiting = [], False
        for info, stream in found:
            if not is_named and (why := self._other(stream)):
                message = f"a similar source was found on {stream.hostname!r}, but {why}; it is not used"
                self._report_once(f"{message}. {_how(f'--stream uid={stream.uid}')}")
                continue
            form = changed(self.stream, stream)
            refused = self._questions.refused(stream, form, is_named=is_named) if form or is_named else ""
            if refused:
                self._report_once(
                    f"it is back, but {form}, and {refused}; waiting. {_how('--left CH --right CH')}"
                )
                continue
            is_waiting = is_waiting or refused is None
            hits.append(info)
        if len(hits) > 1:
            what = "matching the selection" if is_named else "with its name, id and host"
            uids = ", ".join(info.uid() for info in hits[:_MOST_LISTED])
            message = f"{len(hits)} streams {what} found ({uids}); waiting until only one remains"
            self._report_once(f"{message}. {_how('--stream uid=X')}")
        return hits[0] if len(hits) == 1 and not is_waiting else None

    def query(self, now_s: float, *, is_sending: bool) -> None:
        """Query the network all the time, or now and then while the source sends and nothing else answers.

        Parameters
        ----------
        now_s : float
            Monotonic seconds; call twice a second.
        is_sending : bool
            Whether data of the source arrives.
        """
        if is_sending and [info.uid() for info in self._finder.seen()] == [self.stream.uid]:
            self._finder.rest()
            self._next_query_s = now_s + random.uniform(*_ASK_AFTER_S)
        elif not is_sending or now_s >= self._next_query_s:
            # Data arrives meanwhile: an attempt that failed is repeated at the next call.
            with contextlib.suppress(RuntimeError):
                self._finder.ask()

    def is_visible(self) -> bool:
        """Whether the source itself, this run of it, answers on the network; see `query`."""
        return any(info.uid() == self.stream.uid for info in self._finder.seen())

    def latest(self) -> Any:
        """Return the LSL info of the source as it answers now, None if not: its address may change."""
        return next((info for info in self._finder.seen() if info.uid() == self.stream.uid), None)

    def has_successor(self) -> bool:
        """Whether this run of the source disappeared and another one was found."""
        return not self.is_visible() and self.find_again() is not None

    def note_twins(self, heard_s: float, now_s: float) -> None:
        """Search for others with the same name and id: those present while the source sends are never used.

        Parameters
        ----------
        heard_s, now_s : float
            Time of the source's last data, and now (monotonic seconds).
        """
        seen = self._finder.seen()
        rival_id = self._successor.note_rivals(seen, heard_s, now_s)
        if rival_id is not None:
            there = f"its computer sends another stream with the same name, source_id {rival_id!r}"
            self._report_once(f"{there}: if the source {RIVAL}")
        for info in seen:
            uid = info.uid()
            same = (info.name(), info.type()) == (self.stream.name, self.stream.type)
            same = same and self._has_its_id(info.source_id())
            if uid == self.stream.uid or uid in self._twins or not same:
                continue
            # A source that hangs may be restarted at once: the new run is not a duplicate.
            if heard_s <= self._first_seen_s.setdefault(uid, now_s):
                continue
            self._twins.add(uid)
            self._report_once(
                f"a second stream with the same name and id was found on {info.hostname()!r}; recording "
                f"continues with the one on {self.stream.hostname!r}"
            )

    def pin(self, stream: StreamDescription) -> None:
        """Use this run of the source from now on."""
        is_same = same_source(stream) == same_source(self.stream)
        self.stream = stream
        self._successor.pin(stream)
        self._reported.clear()
        self._questions.forget()
        self._named_finder = None
        if not is_same:
            self._finder = Finder(same_source(stream), forget_after_s=_FORGET_AFTER_S)

    def _other(self, stream: StreamDescription) -> str:
        if stream.uid in self._twins:
            return "it was present at the same time as the source"
        for what in _PINNED:
            old, new = getattr(self.stream, what), getattr(stream, what)
            if old != new:
                return f"its {what} is {new!r} instead of {old!r}"
        return ""

    def _report_once(self, text: str) -> None:
        if text not in self._reported:
            self._reported.add(text)
            self._report(text)


def _how(options: str) -> str:
    return f"If it is the right one: {HOW_TO_ACCEPT} {options}"


def changed(before: StreamDescription, now: StreamDescription) -> str:
    """Describe how the header `now` differs from `before`; empty if it does not."""
    parts = []
    for what in _DESCRIPTOR:
        old, new = getattr(before, what), getattr(now, what)
        if old == new or (what == "rate_hz" and before.measured and now.rate_hz == 0):
            continue
        if what != "channels":
            parts.append(f"{what} changed from {old} to {new}")
        elif len(old) != len(new):
            parts.append(f"it has {counted(len(new), 'channel')} instead of {len(old)}")
        else:
            parts.append("its channels changed")
    return ", ".join(parts)
