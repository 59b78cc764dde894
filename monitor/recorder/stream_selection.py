"""Before the recording: list the streams on the network, and wait for those selected.

The streams to record: those selected, or the only leg EMG stream found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from monitor.lsl.discovery import Finder, Query, is_of_monitor
from monitor.lsl.successor import Successor, same_source
from monitor.model.config import MontageWish
from monitor.model.errors import InputError, MissingError
from monitor.montage import Chosen, Found, assign_legs, describe_line, describe_reading, offer, read_montage
from monitor.recorder.start_screen import StartScreen


def choose_by_query(found: Sequence[tuple[Query, Sequence[Found]]], wish: MontageWish) -> list[Chosen] | str:
    """Take the streams that were asked for.

    Parameters
    ----------
    found : sequence of (Query, matching streams)
    wish : MontageWish

    Returns
    -------
    list of Chosen or str
        What is still missing, if anything is.

    Raises
    ------
    InputError
        If a query matches several streams, or a stream cannot be read as requested.
    """
    taken: list[Found] = []
    for query, streams in found:
        if not streams:
            return f"no stream matches {query}"
        if len(streams) > 1:
            listing = "; ".join(describe_line(s) for _, s in streams)
            raise InputError(
                "--stream", f"{query} matches {len(streams)} streams ({listing})", "select exactly one"
            )
        if streams[0][1].uid not in {s.uid for _, s in taken}:
            taken.append(streams[0])
    return assign_legs(taken, wish)


def choose_alone(found: Sequence[Found], wish: MontageWish) -> list[Chosen] | str:
    """Select the only stream on the network that is identified as leg EMG.

    Returns
    -------
    list of Chosen or str
        Why none was selected.
    """
    plausible = [
        (info, stream)
        for info, stream in found
        if not stream.simulated and not stream.is_text and read_montage(stream, wish).usable
    ]
    if len(plausible) == 1:
        return assign_legs(plausible, wish)
    if not plausible:
        return (
            "no leg EMG stream could be identified; choose one with --stream NAME (and --left CH --right CH)"
        )
    names = ", ".join(repr(stream.name) for _, stream in plausible)
    return f"several streams could be the leg EMG ({names}); choose with --stream NAME"


_LOOK_EVERY_S = 0.25
# A source that is started together with the recorder appears within this time: looked for more often.
_FIRST_S, _FIRST_LOOKS_EVERY_S = 5.0, 0.05
# A second outlet of the same name may answer later than the first: search twice before deciding.
_SETTLE_S = 1.0


class StreamSelection:
    """Search for the streams to record.

    Parameters
    ----------
    queries : sequence of Query
        What was asked for; if empty, the one plausible EMG stream is taken.
    wish : MontageWish
    say : callable
        Called with a line of text whenever the status changed.
    clock, sleep : callable
        Monotonic seconds; wait for some seconds and return whether to give up.
    screen : StartScreen, optional
        Start screen on which a person chooses.
    successors : Mapping of Query to Successor, optional
        Possible successors of the sources of a resumed session.
    settle_s : float
        How long to search for a second stream that matches before deciding.
    """

    def __init__(
        self,
        queries: Sequence[Query],
        wish: MontageWish,
        say: Callable[[str], None],
        clock: Callable[[], float],
        sleep: Callable[[float], bool],
        screen: StartScreen | None = None,
        successors: Mapping[Query, Successor] | None = None,
        settle_s: float = _SETTLE_S,
    ) -> None:
        self._settle_s = settle_s
        self._queries, self._wish = queries, wish
        self._successors = successors or {}
        self._say, self._clock, self._sleep = say, clock, sleep
        self._screen = screen
        self._reported = ""

    def wait(self, wait_s: float | None) -> list[Chosen] | None:
        """Wait for the streams.

        Parameters
        ----------
        wait_s : float or None
            How long; for ever if None.

        Returns
        -------
        list of Chosen or None
            None if the waiting was given up by a signal.

        Raises
        ------
        MissingError
            If they did not come in time.
        InputError
            If the streams found cannot be used as requested.
        """
        every = Finder(measure=True, wish=self._wish)
        finders = [
            (query, Finder(self._looked_for(query), measure=True, wish=self._wish)) for query in self._queries
        ]
        started_s = self._clock()
        while True:
            found = [(query, self._fitting(query, finder.found())) for query, finder in finders]
            # The other streams are read only for a person who has to choose: a ward has a hundred.
            around = _candidates(every) if self._screen is not None or not finders else []
            settled = self._clock() - started_s >= self._settle_s
            outcome: list[Chosen] | str = "searching for streams"
            if settled:
                outcome = choose_by_query(found, self._wish) if finders else choose_alone(around, self._wish)
            if not isinstance(outcome, str):
                return outcome
            if settled:
                self._report(self._with_reasons(outcome), around or _candidates(every))
            if self._screen is not None:
                self._screen.look(around, outcome)
                if self._screen.picked is not None:
                    return list(self._screen.picked.chosen)
                if self._screen.cancelled:
                    return None
            if wait_s is not None and settled and self._clock() - started_s >= wait_s:
                raise MissingError(f"Waited {wait_s:g} s: {outcome}.")
            is_first = self._clock() - started_s < _FIRST_S
            if self._sleep(_FIRST_LOOKS_EVERY_S if is_first else _LOOK_EVERY_S):
                return None

    def _looked_for(self, query: Query) -> Query:
        return same_source(self._successors[query].stream) if query in self._successors else query

    def _fitting(self, query: Query, found: Sequence[Found]) -> Sequence[Found]:
        """Return the streams that match a query, else the successor of the source with that id."""
        if query not in self._successors:
            return found
        before = self._successors[query].stream
        again = self._successors[query].find(found, self._clock())
        if again is not None:
            return [again]
        return [each for each in found if each[1].source_id == before.source_id]

    def _with_reasons(self, missing: str) -> str:
        reasons = [each.why_not for each in self._successors.values() if each.why_not]
        how = "stop, then select the correct one with --resume --stream uid=X"
        return "; ".join([missing, *(f"{reason} is not used: {how}" for reason in reasons)])

    def _report(self, missing: str, around: Sequence[Found]) -> None:
        lines = [f"Waiting: {missing}."]
        lines += listing(around, self._wish) if around else ["No stream found on the network so far."]
        text = "\n".join(lines)
        if text != self._reported:
            self._reported = text
            self._say(text)


def _candidates(finder: Finder) -> list[Found]:
    return [found for found in finder.found() if not is_of_monitor(found[1])]


def listing(around: Sequence[Found], wish: MontageWish) -> list[str]:
    """List streams, each with the monitor's interpretation."""
    lines = []
    for _, stream in around:
        reading = read_montage(stream, wish)
        said = describe_reading(stream, reading)
        if not (wish.channels or wish.unit):
            said += offer(stream, reading).splitlines()
        lines.append(f"  {describe_line(stream)}")
        lines += [f"      {line}" for line in said]
    return lines
