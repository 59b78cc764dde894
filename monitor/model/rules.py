"""The two published rule sets as data: every number and every ambiguous point is a named field.

Nothing is computed here. :func:`monitor.scoring.score` reads a profile, the detector reads its four detection
numbers. To vary a switch use :func:`dataclasses.replace` on a profile.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["AASM3", "PROFILES", "REFERENCE_PER_H", "WASM2016", "Audience", "RulesProfile"]

Audience = Literal["adult", "child"]

REFERENCE_PER_H: Mapping[str, float] = MappingProxyType({"adult": 15.0, "child": 5.0})
"""PLMS per hour of sleep above which a value is usually called raised. A reference value, not a diagnosis."""

_WASM_ONLY = frozenset(
    (
        *(
            "n_clm",
            "n_clms",
            "clms_index",
            "clms_duration_mean_s",
            "n_plmw",
            "plmw_index",
            "plmw_duration_mean_s",
        ),
        *("n_plmsnr", "plmsnr_index", "n_respiratory", "respiratory_index"),
        *("n_short_interval", "short_interval_index", "n_isolated", "isolated_index"),
        *("pi_plm", "pi_imi", "imi_ln_mean", "imi_ln_sd"),
    )
)


StageOrNone = Literal["W", "N1", "N2", "N3", "R", "unscored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesProfile:
    """Hold one rule set: thresholds, limits and switches.

    Times are whole microseconds, so that a value exactly on a boundary in a list is on the boundary here too.

    Parameters
    ----------
    name : str
        Short name, as in ``--rules``.
    audience : {"adult", "child"}
        Which reference value is shown; it changes no count.
    onset_uv, offset_uv : float
        A movement begins at resting level + ``onset_uv`` and ends where the signal stays at or below resting
        level + ``offset_uv``; used by the detector, on its own envelope.
    offset_hold_us : int
        How long the signal must stay low for the movement to have ended.
    min_lm_us : int
        Shortest LM, inclusive.
    max_lm_us : int
        Longest LM (or part of a candidate), inclusive.
    merge_gap_us : int
        Two movements of one leg closer than this are one (it follows from the offset rule).
    long_lm : {"drop", "noncandidate"}
        A movement over ``max_lm_us`` is not an LM (``drop``), or is an LM that is not a candidate and ends a
        run.
    morphology_required : bool
        Whether a movement without 0.5 s of sustained activity is rejected.
    leg_grouping : {"onsets", "chain"}
        ``onsets``: movements of different legs whose onsets lie closer than ``group_within_us`` are one LM.
        ``chain``: movements of different legs that overlap, or lie closer than that, chain into one LM.
    group_within_us : int
        See ``leg_grouping``; exclusive.
    max_parts : int or None
        Most parts of a candidate of both legs; None for no limit.
    max_bilateral_us : int or None
        Longest candidate of both legs, inclusive; None for no limit.
    imi_min_us, imi_max_us : int
        Shortest and longest interval from onset to onset inside a series, both inclusive.
    series_min_n : int
        Fewest movements of a series.
    short_interval : {"skip", "reopen", "close"}
        A movement that follows too early is skipped and the run continues from the one before it (``skip``);
        or it ends the run and may open the next (``reopen``); or it ends the run and opens none (``close``).
    gap_ends_run_s : float or None
        Time without any usable leg, in seconds, from which on a run has ended; None for never. No standard
        defines it.
    stages_not_scored : frozenset of str
        Stages whose LM are not scored, see ``asleep_by``. Without ``unscored`` in it such LM take part in
        runs, but in no sleep or wake count.
    asleep_by : {"any_part", "onset"}
        Which part of an LM decides whether it is in sleep. ``any_part``: an LM that touches an epoch of sleep
        is in sleep, and its stage is that of its onset, or of the first epoch of sleep it touches. ``onset``:
        the stage at its onset.
    tib_only : bool
        Whether LM outside lights off to lights on are treated like LM in unscored time (their time is in no
        denominator either). Standards define it for wake only.
    respiratory : {"exclude", "second_pass", "ignore"}
        LM near a respiratory event are not scored; or are scored, then removed and scored again; or are
        counted.
    respiratory_from : {"start", "end"}
        From which side of the event the window opens; it always closes after the event's end.
    respiratory_before_us, respiratory_after_us : int
        Extent of the window, inclusive: an LM that touches it is respiratory.
    arousal_gap_us : int
        An arousal closer to an LM than this (exclusive), or overlapping, belongs to it.
    arousal_refractory_us : int
        The arousal of a PLM is not counted sooner than this after the last PLM whose arousal counted; 0 to
        count all.
    interval_stages : {"any", "sleep"}
        Which intervals enter the interval statistics: all, or those between two LM in sleep.
    lookalikes : {"apart", "counted"}
        Movements that look like LM and are foot tremor, alternating activation or fragmentary myoclonus are
        named and counted apart, in no series; or they are counted by the letter of the rules. They are
        recognised by the bursts inside them, which only the detector records.
    tremor_hz_min, tremor_hz_max : float
        Rate of the bursts of hypnagogic foot tremor and high-frequency leg movements, inclusive (AASM Manual;
        Yang 2010).
    tremor_burst_max_us, tremor_bursts_min_n : int
        Longest burst and fewest bursts of a tremor, inclusive.
    alma_hz_min, alma_hz_max : float
        Rate of the bursts of alternating leg muscle activation, inclusive (AASM Manual).
    alma_burst_max_us, alma_bursts_min_n : int
        Longest burst and fewest bursts of an alternating activation, inclusive.
    myoclonus_burst_max_us : int
        Bursts of fragmentary myoclonus are shorter (AASM Manual).
    myoclonus_per_min : int
        Fewest isolated bursts in the half minutes before and after a movement of such bursts.
    lmm : {"apart", "off"}
        Large muscle group movements are found and counted apart; or not at all. They change no count of LM
        (IRLSSG 2021, Sleep 44:zsab092; known second-hand).
    lmm_min_us, lmm_max_us : int
        Shortest and longest of them, inclusive; in children 30 s.
    lmm_channels_min_n : int
        Fewest channels that move at the same time; with a channel other than the legs, one such among them.
    fmi : {"apart", "off"}
        Fragmentary myoclonus is measured in the recorded signal and reported apart; or not at all. It changes
        no count of LM.
    fmi_min_uv : float
        Smallest peak of its potentials, rectified (Lins 1993, Can J Neurol Sci 20:142; known second-hand);
        their length and number per minute are ``myoclonus_burst_max_us`` and ``myoclonus_per_min``.
    fmi_minutes_min_n : int
        Minutes of NREM sleep with that number of potentials that are the reference (AASM Manual).
    not_reported : frozenset of str
        Indices this rule set does not define; they stay None.
    """

    name: str
    audience: Audience = "adult"
    onset_uv: float = 8.0
    offset_uv: float = 2.0
    offset_hold_us: int = 500_000
    min_lm_us: int = 500_000
    max_lm_us: int = 10_000_000
    merge_gap_us: int = 500_000
    long_lm: Literal["drop", "noncandidate"]
    morphology_required: bool
    leg_grouping: Literal["onsets", "chain"]
    group_within_us: int
    max_parts: int | None
    max_bilateral_us: int | None
    imi_min_us: int
    imi_max_us: int = 90_000_000
    series_min_n: int = 4
    short_interval: Literal["skip", "reopen", "close"]
    gap_ends_run_s: float | None = 10.0
    stages_not_scored: frozenset[StageOrNone]
    asleep_by: Literal["any_part", "onset"] = "onset"
    tib_only: bool = True
    respiratory: Literal["exclude", "second_pass", "ignore"]
    respiratory_from: Literal["start", "end"]
    respiratory_before_us: int
    respiratory_after_us: int
    arousal_gap_us: int = 500_000
    arousal_refractory_us: int
    interval_stages: Literal["any", "sleep"] = "any"
    lookalikes: Literal["apart", "counted"] = "apart"
    tremor_hz_min: float = 0.3
    tremor_hz_max: float = 4.0
    tremor_burst_max_us: int = 1_000_000
    tremor_bursts_min_n: int = 4
    alma_hz_min: float = 0.5
    alma_hz_max: float = 3.0
    alma_burst_max_us: int = 500_000
    alma_bursts_min_n: int = 4
    myoclonus_burst_max_us: int = 150_000
    myoclonus_per_min: int = 5
    lmm: Literal["apart", "off"] = "apart"
    lmm_min_us: int = 3_000_000
    lmm_max_us: int = 45_000_000
    lmm_channels_min_n: int = 2
    fmi: Literal["apart", "off"] = "apart"
    fmi_min_uv: float = 50.0
    fmi_minutes_min_n: int = 20
    not_reported: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Reject values that no rule can use.

        Raises
        ------
        ValueError
            With the field, its value and what was expected.
        """
        not_negative = (
            *("merge_gap_us", "group_within_us", "respiratory_before_us", "respiratory_after_us"),
            *("arousal_gap_us", "arousal_refractory_us"),
            *("tremor_burst_max_us", "alma_burst_max_us", "myoclonus_burst_max_us"),
        )
        above_0 = ("offset_uv", "max_lm_us", "imi_max_us", "tremor_hz_min", "alma_hz_min", "lmm_min_us")
        checks = (
            *((field, getattr(self, field) > 0, "above 0") for field in above_0),
            ("onset_uv", self.offset_uv < self.onset_uv, "above offset_uv"),
            ("min_lm_us", 0 < self.min_lm_us <= self.max_lm_us, "above 0 and at most max_lm_us"),
            ("offset_hold_us", self.offset_hold_us > 0, "above 0"),
            ("max_parts", self.max_parts is None or self.max_parts >= 1, "at least 1"),
            ("max_bilateral_us", self.max_bilateral_us is None or self.max_bilateral_us > 0, "above 0"),
            ("imi_min_us", 0 <= self.imi_min_us <= self.imi_max_us, "0 to imi_max_us"),
            ("series_min_n", self.series_min_n >= 2, "at least 2"),
            ("tremor_hz_max", self.tremor_hz_min <= self.tremor_hz_max, "at least tremor_hz_min"),
            ("alma_hz_max", self.alma_hz_min <= self.alma_hz_max, "at least alma_hz_min"),
            ("tremor_bursts_min_n", self.tremor_bursts_min_n >= 2, "at least 2"),
            ("alma_bursts_min_n", self.alma_bursts_min_n >= 2, "at least 2"),
            ("myoclonus_per_min", self.myoclonus_per_min >= 1, "at least 1"),
            ("lmm_max_us", self.lmm_min_us <= self.lmm_max_us, "at least lmm_min_us"),
            ("fmi_min_uv", self.fmi_min_uv > 0, "above 0"),
            ("fmi_minutes_min_n", self.fmi_minutes_min_n >= 1, "at least 1"),
            ("lmm_channels_min_n", self.lmm_channels_min_n >= 1, "at least 1"),
            (
                "gap_ends_run_s",
                self.gap_ends_run_s is None or 0.0 <= self.gap_ends_run_s <= 1e9,
                "0 to 1e9",
            ),
            *((field, getattr(self, field) >= 0, "0 or more") for field in not_negative),
        )
        for field, holds, expected in checks:
            if not holds:
                raise ValueError(f"{field} = {getattr(self, field)!r}: expected {expected}")

    @property
    def reference_per_h(self) -> float:
        """PLMS per hour of sleep usually taken as the upper limit of the normal range; not a diagnosis."""
        return REFERENCE_PER_H[self.audience]

    def as_dict(self) -> dict[str, object]:
        """Return every field as JSON types, sets as sorted lists."""
        plain = dataclasses.asdict(self)
        return {key: sorted(value) if isinstance(value, frozenset) else value for key, value in plain.items()}


AASM3 = RulesProfile(
    name="aasm3",
    long_lm="drop",
    morphology_required=False,
    leg_grouping="onsets",
    group_within_us=5_000_000,
    max_parts=None,
    max_bilateral_us=None,
    imi_min_us=5_000_000,
    short_interval="skip",
    stages_not_scored=frozenset({"W", "unscored"}),
    asleep_by="any_part",
    respiratory="exclude",
    respiratory_from="start",
    respiratory_before_us=500_000,
    respiratory_after_us=500_000,
    arousal_refractory_us=10_000_000,
    not_reported=_WASM_ONLY,
)
"""AASM Manual, version 2.6 and 3. That ``asleep_by`` is new in version 3 is known
from the AASM's summary of updates only.
"""

WASM2016 = RulesProfile(
    name="wasm2016",
    long_lm="noncandidate",
    morphology_required=True,
    leg_grouping="chain",
    group_within_us=500_000,
    max_parts=4,
    max_bilateral_us=15_000_000,
    imi_min_us=10_000_000,
    short_interval="reopen",
    stages_not_scored=frozenset(),
    respiratory="second_pass",
    respiratory_from="end",
    respiratory_before_us=2_000_000,
    respiratory_after_us=10_250_000,
    arousal_refractory_us=0,
)
"""WASM/IRLSSG/EURLSSG 2016 (Ferri et al., Sleep Med 26:86-95)."""

PROFILES: Mapping[str, RulesProfile] = MappingProxyType({AASM3.name: AASM3, WASM2016.name: WASM2016})
