"""The suggested immobilisation test: periodic leg movements of a person who sits awake for an hour.

A pure function over the movements of the test and the discomfort scores that were entered during it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from monitor.model.rules import WASM2016, RulesProfile
from monitor.scoring.denominators import HOUR_US, StageTimeline
from monitor.scoring.indices import TOO_EARLY_US
from monitor.scoring.inputs import SLEEP, Night
from monitor.scoring.result import Score
from monitor.scoring.scorer import score
from monitor.scoring.spans import Ints, complement, intersection, time_before, union

LENGTH_US = HOUR_US
BLOCK_US = 600_000_000
REFERENCE_PER_H = 40.0
METHOD = (
    "PLMW: movements of 0.5-10 s in series of four or more (WASM 2016, intervals of 10-90 s), among the "
    "movements whose onset lies in the test, per hour with a usable leg and without scored sleep. The second "
    "index counts intervals of 4-90 s, which were recommended for this test (Michaud et al., Sleep Med "
    "2001;2:317-321)."
)
REFERENCE = (
    "Reference value, not a diagnosis: more than 40 per hour predicted the clinical diagnosis in 81 % of "
    "patients with restless legs syndrome and 81 % of controls (Montplaisir et al., Mov Disord "
    "1998;13:324-329). In a later study of 100 patients the movements separated poorly, the mean discomfort "
    "better (sensitivity 82 %, specificity 84 %; Michaud et al., Eur Neurol 2002;48:108-113). Known from the "
    "abstracts."
)
TOO_EARLY = "no rate in the first 10 min"
NO_SCORE = "no discomfort score was entered"
_SHORTEST_IMI_US = 4_000_000


@dataclass(frozen=True, slots=True)
class SitBlock:
    """Ten minutes of the test.

    Attributes
    ----------
    start_us, end_us : int
        Its time; cut where the test ended early.
    counted_us : int
        Time with a usable leg and without scored sleep.
    n_plmw, n_plm_4_90 : int
        Periodic movements with intervals of 10-90 s, and of 4-90 s.
    plmw_index : float or None
        Per hour; None with less than ten minutes counted.
    discomfort : float or None
        The score (0-100) that answers the question at the end of the block; None if it was not entered.
    """

    start_us: int
    end_us: int
    counted_us: int
    n_plmw: int
    n_plm_4_90: int
    plmw_index: float | None
    discomfort: float | None


@dataclass(frozen=True, slots=True)
class SitTest:
    """The result of a test, so far or complete.

    Attributes
    ----------
    start_us, end_us : int
        Its time; while it runs, up to now.
    is_complete : bool
        Whether it lasted an hour.
    counted_us, asleep_us : int
        Time with a usable leg and without scored sleep; time in scored sleep.
    n_lm : int
        Leg movements whose onset lies in the test, after both legs were combined.
    n_plmw, n_plm_4_90 : int
        Periodic movements awake with intervals of 10-90 s, and of 4-90 s.
    plmw_index, plm_index_4_90 : float or None
        Per hour counted; None before ten minutes.
    blocks : tuple of SitBlock
    discomfort_start : float or None
        The score (0-100) entered in the first ten minutes.
    discomfort_mean, discomfort_max : float or None
        Over the answers at the end of the blocks.
    why_null : Mapping
    """

    start_us: int
    end_us: int
    is_complete: bool
    counted_us: int
    asleep_us: int
    n_lm: int
    n_plmw: int
    n_plm_4_90: int
    plmw_index: float | None
    plm_index_4_90: float | None
    blocks: tuple[SitBlock, ...]
    discomfort_start: float | None
    discomfort_mean: float | None
    discomfort_max: float | None
    why_null: Mapping[str, str]


def sit_test(
    night: Night,
    bounds_us: tuple[int, int],
    discomfort: Sequence[tuple[int, float]] = (),
    profile: RulesProfile = WASM2016,
) -> SitTest:
    """Score a suggested immobilisation test.

    Parameters
    ----------
    night : Night
        The recording. Without stages the person is taken to be awake; scored sleep is not counted.
    bounds_us : (int, int)
        Begin and end of the test (us).
    discomfort : sequence of (int, float)
        Scores from 0 to 100 in the order of entry, with their times (us). A score answers the question at the
        last full ten minutes before it; of several the last one holds.
    profile : RulesProfile
        WASM 2016, with the switches of the session.

    Returns
    -------
    SitTest
    """
    start, end = bounds_us
    inside = _within(night, bounds_us)
    edges = np.array([*range(start, end, BLOCK_US), end], np.int64)
    counted_us, asleep_us = _times(inside, edges)
    wasm = score(inside, profile)
    loose = score(inside, replace(profile, imi_min_us=_SHORTEST_IMI_US))
    n_plmw, n_loose = (_periodic_awake(each, edges) for each in (wasm, loose))
    answers = _answers(start, discomfort)
    columns = np.stack([edges[:-1], edges[1:], counted_us, n_plmw, n_loose], axis=1)
    blocks = tuple(
        SitBlock(a, b, over, n, k, _rate(n, over), answers.get(i))
        for i, (a, b, over, n, k) in enumerate(columns.tolist(), start=1)
    )
    scores = [each.discomfort for each in blocks if each.discomfort is not None]
    whole, n, k = int(counted_us.sum()), int(n_plmw.sum()), int(n_loose.sum())
    early = {} if whole >= TOO_EARLY_US else dict.fromkeys(("plmw_index", "plm_index_4_90"), TOO_EARLY)
    unasked = {} if scores else dict.fromkeys(("discomfort_mean", "discomfort_max"), NO_SCORE)
    return SitTest(
        start_us=start,
        end_us=end,
        is_complete=end - start >= LENGTH_US,
        counted_us=whole,
        asleep_us=asleep_us,
        n_lm=wasm.indices.n_lm,
        n_plmw=n,
        n_plm_4_90=k,
        plmw_index=_rate(n, whole),
        plm_index_4_90=_rate(k, whole),
        blocks=blocks,
        discomfort_start=answers.get(0),
        discomfort_mean=sum(scores) / len(scores) if scores else None,
        discomfort_max=max(scores, default=None),
        why_null=early | unasked,
    )


def _within(night: Night, bounds_us: tuple[int, int]) -> Night:
    """Return the recording with the movements of the test only, without twitches, segments and lights."""
    start, end = bounds_us
    return replace(
        night,
        movements=tuple(m for m in night.movements if start <= m.onset_us < end),
        twitches=(),
        segments=(),
        lights_off_us=None,
        lights_on_us=None,
    )


def _periodic_awake(found: Score, edges_us: Ints) -> Ints:
    """Return the number of periodic movements outside scored sleep whose onset lies in each block."""
    return np.histogram([lm.onset_us for lm in found.lms if lm.plm and lm.counted_in != "sleep"], edges_us)[0]


def _times(night: Night, edges_us: Ints) -> tuple[Ints, int]:
    """Return the time counted in each block, and the time in scored sleep (us)."""
    line = StageTimeline(night)
    asleep = union([line.staged(SLEEP)], 0, line.end_us)
    counted = intersection([line.any_leg, complement(asleep, 0, line.end_us)], line.end_us)
    return np.diff(time_before(counted, edges_us)), int(np.diff(time_before(asleep, edges_us[[0, -1]]))[0])


def _rate(n: int, over_us: int) -> float | None:
    return n * HOUR_US / over_us if over_us >= TOO_EARLY_US else None


def _answers(start_us: int, discomfort: Sequence[tuple[int, float]]) -> dict[int, float]:
    """Return the score for each question, numbered by the minutes passed / 10; 0 is before the first."""
    last = LENGTH_US // BLOCK_US
    found = ((at_us - start_us) // BLOCK_US for at_us, _ in discomfort)
    return {n: value for n, (_, value) in zip(found, discomfort, strict=True) if 0 <= n <= last}


def as_json(found: SitTest) -> dict[str, object]:
    """Return a test as the part ``sit`` of ``summary.json``: times in s and hours."""
    whole = asdict(found)
    blocks = [
        {
            "start": each.start_us / 1e6,
            "end": each.end_us / 1e6,
            "counted_h": each.counted_us / HOUR_US,
            "n_plmw": each.n_plmw,
            "n_plm_4_90": each.n_plm_4_90,
            "plmw_index": each.plmw_index,
            "discomfort": each.discomfort,
        }
        for each in found.blocks
    ]
    times = {"start": found.start_us / 1e6, "end": found.end_us / 1e6}
    hours = {"counted_h": found.counted_us / HOUR_US, "asleep_h": found.asleep_us / HOUR_US}
    rest = {key: value for key, value in whole.items() if not key.endswith("_us") and key != "blocks"}
    about = {"reference_per_h": REFERENCE_PER_H, "method": METHOD, "reference": REFERENCE}
    return times | hours | rest | {"blocks": blocks, "why_null": dict(found.why_null)} | about
