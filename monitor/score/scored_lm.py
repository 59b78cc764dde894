"""One LM with what became of it and why."""

from __future__ import annotations

from typing import Literal, NamedTuple

from monitor.rules import RulesProfile
from monitor.score import reasons
from monitor.score.night import Span

Why = Literal[
    "", "rejected", "twitch", "artifact", "morphology", "long", "wake", "unscored", "outside", "respiratory",
    "open", "noncandidate", "short", "few",
]  # fmt: skip
"""Why an LM is not a PLM, for programs; ``ScoredLM.reason`` says it in words. Empty for a PLM."""


class Grounds(NamedTuple):
    """Hold what the reason of an LM is worded from; most LM share one.

    Parameters
    ----------
    profile : RulesProfile
        The rules.
    words : str
        Why it was rejected, in the words of whoever did.
    event : Span or None
        The respiratory event it touches, where that excluded it.
    run_n, run_series : int
        Length of the run it is in, or met too early, and that run's series number (0: no series).
    longest_us : int
        Its longest part, where several parts break a limit of a candidate.
    arousal_struck : bool
        An arousal belongs to it and does not count.
    is_body : bool
        Both legs moved for long at once: a body movement, and not the tonic activity of one leg.
    is_jerk : bool
        A twitch near the passage from wake to sleep.
    """

    profile: RulesProfile
    words: str = ""
    event: Span | None = None
    run_n: int = 0
    run_series: int = 0
    longest_us: int = 0
    arousal_struck: bool = False
    is_body: bool = False
    is_jerk: bool = False


class ScoredLM(NamedTuple):
    """Hold one LM after the legs were combined, counted or not.

    A named tuple and not a dataclass: a night has thousands and is scored every second.

    Parameters
    ----------
    onset_us, end_us : int
        First onset and last end of its parts.
    leg : {"left", "right", "both", "unknown"}
        Which leg or legs.
    parts : int
        How many movements of single legs it is made of.
    candidate : bool
        Whether it may become a PLM (CLM); false for everything dropped.
    plm : bool
        Whether it is in a series.
    series : int or None
        Number of its series, from 1.
    imi_us : int or None
        Interval from the onset of the LM before it in the count; None for the first, after an LM that is no
        candidate, and after a gap that ends runs.
    stage : str or None
        Stage at its onset; None where there is no epoch.
    respiratory : bool
        Whether it touches a respiratory window of the profile.
    arousal : bool
        Whether an arousal belongs to it and counts.
    provisional : bool
        May still change with time alone: it is running, its group is open, or its run may become a series.
    keys : tuple of str
        Keys of its movements, by onset.
    why : Why
        Why it is no PLM, for programs; empty for a PLM.
    counted_in : {"sleep", "wake", ""}
        Whose counts it belongs to; neither without stages, in unscored time and outside the time in bed.
    plm_nr : bool
        Whether it is in a series of the pass without respiratory LM (false where the profile has none).
    grounds : Grounds
        What ``reason`` is worded from.
    """

    onset_us: int
    end_us: int
    leg: str
    parts: int
    candidate: bool
    plm: bool
    series: int | None
    imi_us: int | None
    stage: str | None
    respiratory: bool
    arousal: bool
    provisional: bool
    keys: tuple[str, ...]
    why: Why
    counted_in: str
    plm_nr: bool
    grounds: Grounds

    @property
    def hypnic_jerk(self) -> bool:
        """Whether it is a twitch at sleep onset; follows the stages, and enters no count of movements."""
        return self.grounds.is_jerk

    @property
    def reason(self) -> str:
        """Why it is no PLM, in words; for a PLM empty or a remark. Worded only when asked, which is rare."""
        return reasons.reason(self)
