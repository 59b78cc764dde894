"""What of a score stays whatever comes later, so that a growing recording is judged from its end only.

The movements are cut at a candidate, the last settled LM. It is judged again with those after it, because
their intervals and their run begin with it; what came before it in its run is carried.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.combined import FROM_BEGIN_US, Combined, reach_us
from monitor.scoring.large_movements import LargeMovement
from monitor.scoring.result import Score
from monitor.scoring.rows import Verdict
from monitor.scoring.scored_lm import ScoredLM
from monitor.scoring.series import Runs, RunSoFar, Series, openers
from monitor.scoring.single_leg import LOOKALIKES
from monitor.scoring.spans import Bools, Ints
from monitor.scoring.tally import Tally
from monitor.scoring.verdict import NOTHING, Carried

# Not sooner: settling itself takes time.
_LEAST_N = 150
# Within it after the longest interval there must be a time that cuts the recording.
_SEARCHED_US = 60_000_000
# Facts of what is longer ago are rare.
_LATE_US = 120_000_000


@dataclass(frozen=True, slots=True)
class Settled:
    """Hold the settled part of a score under one rule set.

    Parameters
    ----------
    from_us : int
        Onset of the last settled LM; `FROM_BEGIN_US` if there is none.
    carried : Carried
        What the LM after it depend on.
    tally : Tally or None
        The counts of the settled LM.
    series : tuple of Series
        The series before the run of the last settled LM.
    large : tuple of LargeMovement
    lms, twitches : sequence of ScoredLM
        Their rows.
    n_by_why : Counter of str
        Number of the settled LM by ``ScoredLM.why``.
    has_lookalikes : bool
        Whether one of the movements is a look-alike.
    """

    from_us: int = FROM_BEGIN_US
    carried: Carried = NOTHING
    tally: Tally | None = None
    series: tuple[Series, ...] = ()
    large: tuple[LargeMovement, ...] = ()
    lms: Sequence[ScoredLM] = ()
    twitches: Sequence[ScoredLM] = ()
    n_by_why: Counter[str] = field(default_factory=Counter)
    has_lookalikes: bool = False

    @property
    def n(self) -> int:
        """Number of LM that are settled and are judged again."""
        return int(self.tally is not None)

    def holds(self, changed_us: int, profile: RulesProfile) -> bool:
        """Return whether it stays if nothing before a time has changed."""
        return self.tally is None or changed_us >= self.from_us + _needed_us(profile)


def _needed_us(profile: RulesProfile) -> int:
    """Return how long after the last settled LM nothing may change."""
    return profile.imi_max_us + _SEARCHED_US + reach_us(profile)


def last_settled(
    combined: Combined, verdict: Verdict, provisional: Bools | bool, known_us: int
) -> int | None:
    """Return the place of the last LM that can be the last settled one, None without any.

    Parameters
    ----------
    combined : Combined
        The movements since the last settled LM.
    verdict : Verdict
        The verdict on them.
    provisional : ndarray of bool, shape (n_groups,)
        Which of them may change as time passes.
    known_us : int
        Recorded length.
    """
    profile, groups, parts = combined.profile, combined.groups, combined.parts
    if parts.onset_us.size < _LEAST_N or not verdict.place.size:
        return None
    until_us = known_us - _needed_us(profile) - _LATE_US
    # Nothing before it may be open, and it may be no LM that time alone can change.
    until_us = min(
        until_us,
        int(parts.onset_us[parts.is_open].min(initial=until_us)),
        int(groups.onset_us[provisional].min(initial=until_us)),
    )
    is_final = np.zeros(groups.onset_us.shape, np.bool_)
    is_final[verdict.place] = _is_final(verdict.runs, verdict.ended, profile)
    if profile.respiratory == "second_pass":
        # Runs that have not ended by now are the last ones.
        also = np.zeros(groups.onset_us.shape, np.bool_)
        also[verdict.free_place] = _is_final(verdict.again, np.ones(verdict.again.n.shape, np.bool_), profile)
        is_final &= also
    alone = np.diff(groups.onset_us, prepend=FROM_BEGIN_US // 2) > 0
    alone[:-1] &= alone[1:]
    place = np.flatnonzero(is_final & alone & (groups.onset_us < until_us))
    if not place.size:
        return None
    place = place[combined.is_cut_at(groups.onset_us[place])]
    # Whether its run goes on is known, and stays, if the recording can be cut after the longest interval.
    later_us = groups.onset_us[place] + profile.imi_max_us
    cuts_us = np.sort(np.concatenate((parts.onset_us, later_us)))
    cuts_us = np.append(cuts_us[combined.is_cut_at(cuts_us)], -FROM_BEGIN_US)
    place = place[cuts_us[np.searchsorted(cuts_us, later_us)] <= later_us + _SEARCHED_US]
    return int(place[-1]) if place.size and place[-1] > 0 else None


def _is_final(runs: Runs, ended: Bools, profile: RulesProfile) -> Bools:
    """Return which candidates are in a series already, or are the last of a run that has ended."""
    found = np.zeros(runs.run.shape, np.bool_)
    in_run, opens = openers(runs)
    if not in_run.size:
        return found
    run = runs.run[in_run]
    nth = np.arange(in_run.size) - np.append(opens, in_run.size)[1:][run] + runs.n[run] + 1
    is_last = np.append(np.diff(run) > 0, True)
    all_before = np.append(True, np.logical_and.accumulate(ended)[:-1])
    found[in_run] = all_before[run] & ((nth >= profile.series_min_n) | (is_last & ended[run]))
    return found


def settle(
    settled: Settled,
    judged: tuple[Combined, Verdict],
    found: Score,
    place: int,
) -> Settled:
    """Settle a score up to an LM.

    Parameters
    ----------
    settled : Settled
        What was settled before.
    judged : tuple of Combined, Verdict
        The movements since then, and the verdict on them.
    found : Score
        The score.
    place : int
        See `last_settled`.
    """
    combined, verdict = judged
    groups, context, profile, before = combined.groups, combined.found, combined.profile, settled.carried
    from_us = int(groups.onset_us[place])
    run = _so_far(before.run, verdict.runs, verdict.place, combined, place)
    again = before.again
    if profile.respiratory == "second_pass":
        again = _so_far(before.again, verdict.again, verdict.free_place, combined, place)
    counted = groups.onset_us[:place][(verdict.plm & verdict.arousal)[:place]]
    arousal_us = int(counted[-1]) if counted.size else before.arousal_us
    tally = Tally.of((groups, context, verdict), profile, slice(settled.n, place + 1))
    drops = combined.parts.drop[: np.searchsorted(combined.parts.onset_us, from_us)]
    lms = found.lms[: bisect_left(found.lms, from_us, key=itemgetter(0)) + 1]
    return Settled(
        from_us,
        Carried(run, again, arousal_us),
        tally if settled.tally is None else settled.tally + tally,
        tuple(each for each in found.series if each.number <= run.series_n),
        tuple(each for each in found.large_movements if each.onset_us < from_us),
        lms,
        found.twitches[: bisect_left(found.twitches, from_us, key=itemgetter(0))],
        settled.n_by_why + Counter(row.why for row in lms[len(settled.lms) :]),
        settled.has_lookalikes or bool(np.isin(drops, LOOKALIKES).any()),
    )


def _so_far(before: RunSoFar, runs: Runs, places: Ints, combined: Combined, place: int) -> RunSoFar:
    """Return what came before an LM in its run."""
    own = int(runs.run[np.searchsorted(places, place)])
    members = places[(runs.run == own) & (places < place)]
    series_n = before.series_n + int(np.count_nonzero(runs.number[:own]))
    first = before if own == 0 else RunSoFar()
    n = first.n + members.size
    if not n:
        return RunSoFar(series_n=series_n)
    onset_us, end_us = combined.groups.onset_us[members], combined.groups.end_us[members]
    return RunSoFar(
        n=n,
        n_in_sleep=first.n_in_sleep + int(np.count_nonzero(combined.found.sleep[members])),
        onset_us=first.onset_us if first.n else int(onset_us[0]),
        end_us=int(end_us.max(initial=first.end_us if first.n else FROM_BEGIN_US)),
        series_n=series_n,
    )
