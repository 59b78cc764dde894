"""Find the runs of candidates whose intervals are within the bounds of a series."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.spans import Bools, Ints

NONE = -1


@dataclass(frozen=True, slots=True)
class Series:
    """Hold one series.

    Parameters
    ----------
    number : int
        From 1, by onset.
    onset_us, end_us : int
        Onset of its first, end of its last LM.
    n : int
        Number of LM.
    mean_imi_us : int
        Mean interval, rounded.
    n_in_sleep : int or None
        Number of PLMS among them; None without stages.
    last_onset_us : int
        Onset of its last LM.
    ended : bool
        Whether it has ended: something ended it, or it is too late for an LM that could continue it.
    """

    number: int
    onset_us: int
    end_us: int
    n: int
    mean_imi_us: int
    n_in_sleep: int | None
    last_onset_us: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """Hold the last run if it is too short for a series but may still become one."""

    onset_us: int
    last_onset_us: int
    n: int
    mean_imi_us: int | None


@dataclass(frozen=True, slots=True)
class Runs:
    """Hold the runs of one pass over the candidates.

    Parameters
    ----------
    onset_us : ndarray of int64, shape (n_candidates,)
        Onsets of the candidates.
    imi_us : ndarray of int64, shape (n_candidates,)
        Interval of each candidate from its reference, -1 if undefined.
    reference : ndarray of int64, shape (n_candidates,)
        The candidate from which its interval is measured: the last one before it that was not skipped; -1 for
        none.
    short : ndarray of bool, shape (n_candidates,)
        Whether that interval is below the shortest allowed.
    run : ndarray of int64, shape (n_candidates,)
        Number of its run, from 0; -1 for a candidate in no run.
    section : ndarray of int64, shape (n_candidates,)
        Candidates in different sections are never neighbours: an LM that is not a candidate, or a gap that
        ends runs, lies between them.
    n : ndarray of int64, shape (n_runs,)
        Number of candidates in each run.
    number : ndarray of int64, shape (n_runs,)
        Series number of each run, from 1; 0 for a run that is too short.
    """

    onset_us: Ints
    imi_us: Ints
    reference: Ints
    short: Bools
    run: Ints
    section: Ints
    n: Ints
    number: Ints

    def series(self) -> Ints:
        """Return for every candidate the number of its series, 0 for none."""
        return np.append(self.number, 0)[self.run]  # the last element is used for -1


class RunSoFar(NamedTuple):
    """Hold what came before the first candidate: of its run, and how many series before that.

    Parameters
    ----------
    n, n_in_sleep : int
        Number of candidates of its run before it, and of those in sleep.
    onset_us, end_us : int
        Onset of the first and last end of them.
    series_n : int
        Number of series before its run.
    """

    n: int = 0
    n_in_sleep: int = 0
    onset_us: int = 0
    end_us: int = 0
    series_n: int = 0


BEGIN = RunSoFar()


def find_runs(onset_us: Ints, section: Ints, profile: RulesProfile, so_far: RunSoFar = BEGIN) -> Runs:
    """Split candidates into runs.

    Parameters
    ----------
    onset_us : ndarray of int64, shape (n,)
        Onsets, ascending.
    section : ndarray of int64, shape (n,)
        See ``Runs``.
    profile : RulesProfile
        The rules.
    so_far : RunSoFar
        What came before the first candidate, which was not skipped.

    Returns
    -------
    Runs
    """
    places = np.arange(onset_us.size)
    skipped = np.zeros(places.shape, np.bool_)
    if profile.short_interval == "skip":
        skipped = too_early(onset_us, section, profile.imi_min_us)
    stays = np.maximum.accumulate(np.where(skipped, NONE, places)) if places.size else places
    reference = np.concatenate(([NONE], stays[:-1])) if places.size else places
    follows = (reference != NONE) & (section == section[reference])
    imi = np.where(follows, onset_us - onset_us[reference], NONE)
    short = follows & (imi < profile.imi_min_us)
    lost = short if profile.short_interval == "close" else skipped
    opens = ~lost & (~follows | short | (imi > profile.imi_max_us) | lost[reference])
    run = np.where(lost, NONE, np.cumsum(opens) - 1)
    n = np.bincount(run[~lost])
    n[:1] += so_far.n
    enough = n >= profile.series_min_n
    number = np.where(enough, np.cumsum(enough) + so_far.series_n, 0)
    return Runs(onset_us, imi, reference, short, run, section, n, number)


def too_early(onset_us: Ints, section: Ints, imi_min_us: int) -> Bools:
    """Return which candidates follow too early after the last one that did not."""
    early = np.zeros(onset_us.shape, np.bool_)
    if not ((np.diff(onset_us) < imi_min_us) & (np.diff(section) == 0)).any():
        return early
    last, last_section = 0, NONE
    for i, (t, part) in enumerate(zip(onset_us.tolist(), section.tolist(), strict=True)):
        if part == last_section and t - last < imi_min_us:
            early[i] = True
        else:
            last, last_section = t, part
    return early


def sections(onset_us: Ints, breaks: Bools, gap_start_us: Ints) -> Ints:
    """Return for every LM the number of LM and gaps before it that end runs.

    A gap that begins exactly at the onset of an LM is after it.
    """
    return np.cumsum(breaks) - breaks + np.searchsorted(gap_start_us, onset_us, side="left")


def list_series(
    runs: Runs, end_us: Ints, asleep: Bools | None, ended: Bools, so_far: RunSoFar = BEGIN
) -> tuple[tuple[Series, ...], Pending | None]:
    """Return the series, and the last run if it is too short but may continue.

    Parameters
    ----------
    runs : Runs
        The first pass.
    end_us : ndarray of int64, shape (n,)
        Ends of the candidates.
    asleep : ndarray of bool, shape (n,), or None
        Which candidates are counted in sleep; None without stages.
    ended : ndarray of bool, shape (n_runs,)
        Which runs are known to have ended.
    so_far : RunSoFar
        What came before the first candidate.
    """
    in_run, opens = openers(runs)
    if in_run.size == 0:
        return (), None
    first = runs.onset_us[in_run[opens]]
    last = runs.onset_us[in_run[np.append(opens[1:], in_run.size) - 1]]
    ends = np.maximum.reduceat(end_us[in_run], opens)
    sleeping = None if asleep is None else np.add.reduceat(asleep[in_run].astype(np.int64), opens)
    if so_far.n:
        first[0], ends[0] = so_far.onset_us, max(so_far.end_us, ends[0])
        if sleeping is not None:
            sleeping[0] += so_far.n_in_sleep
    listed = np.flatnonzero(runs.number)
    columns = (runs.number, first, ends, runs.n, last, ended)
    of_each = zip(*(column[listed].tolist() for column in columns), strict=True)
    asleep_n = repeat(None) if sleeping is None else iter(sleeping[listed].tolist())
    found = [
        Series(number, a, end, n, _mean_imi_us(a, b, n) or 0, next(asleep_n), b, is_ended)
        for number, a, end, n, b, is_ended in of_each
    ]
    if ended[-1] or runs.number[-1]:
        return tuple(found), None
    a, b, n = int(first[-1]), int(last[-1]), int(runs.n[-1])
    return tuple(found), Pending(a, b, n, _mean_imi_us(a, b, n))


def _mean_imi_us(first_us: int, last_us: int, n: int) -> int | None:
    return round((last_us - first_us) / (n - 1)) if n > 1 else None


def openers(runs: Runs) -> tuple[Ints, Ints]:
    """Return the candidates in runs, and which of them are the first of their run."""
    in_run = np.flatnonzero(runs.run != NONE)
    return in_run, np.flatnonzero(np.diff(runs.run[in_run], prepend=NONE))


def ended_runs(
    runs: Runs, end_section: int, known_us: int, running: tuple[Ints, Ints], profile: RulesProfile
) -> Bools:
    """Return which runs cannot continue any more.

    Parameters
    ----------
    runs : Runs
        The first pass.
    end_section : int
        Number of LM and gaps that end runs in the whole recording so far.
    known_us : int
        Recorded length.
    running : tuple of ndarray of int64, shape (n_running,)
        Onsets of movements that have not ended, and their sections.
    profile : RulesProfile
        The rules.

    Returns
    -------
    ndarray of bool, shape (n_runs,)

    Notes
    -----
    A run before the last one has ended too, unless a movement that began between it and the next has not
    ended. An onset is certain only after the shortest duration of a movement, so a run stays open for that
    time beyond the longest interval.
    """
    ended = np.ones(runs.n.shape, np.bool_)
    if not runs.n.size:
        return ended
    in_run, opens = openers(runs)
    last = in_run[np.append(opens[1:], in_run.size) - 1]
    deadline = runs.onset_us[last] + profile.imi_max_us
    before, after = runs.onset_us[last[:-1]], runs.onset_us[in_run[opens[1:]]]
    for t, section in zip(running[0].tolist(), running[1].tolist(), strict=True):
        between = (before < t) & (t <= deadline[:-1]) & (t < after)
        ended[:-1] &= ~(between & (runs.section[last[:-1]] == section))
    closed = profile.short_interval == "close" and runs.run[-1] == NONE
    if end_section == runs.section[last[-1]] and not closed:
        late = known_us > deadline[-1] + profile.min_lm_us
        ended[-1] = late and not (running[0] <= deadline[-1]).any()
    return ended
