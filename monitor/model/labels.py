"""The meaning of labels in scored lists: AASM, Rechtschaffen and Kales, and numeric stage codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

RESPIRATORY = frozenset({"apnea", "hypopnea", "rera", "obstructive_apnea", "central_apnea", "mixed_apnea"})

_OTHERS = (
    *("LM_left", "LM_right", "leg_movement", "arousal", "artifact", "position", "segment"),
    *("lights_off", "lights_on"),
)

_STAGES: Mapping[str, str] = MappingProxyType(
    {
        "W": "w wake awake 0 s0 stage_w stage_0 stage_wake sleep_stage_w sleep_stage_0 sleep_stage_wake",
        "N1": "n1 nrem1 1 s1 stage_1 stage_n1 sleep_stage_1 sleep_stage_n1",
        "N2": "n2 nrem2 2 s2 stage_2 stage_n2 sleep_stage_2 sleep_stage_n2",
        "N3": "n3 nrem3 3 s3 stage_3 stage_n3 sleep_stage_3 sleep_stage_n3 n4 4 s4 stage_4 sleep_stage_4 sws",
        "R": "r rem 5 stage_r stage_5 stage_rem sleep_stage_r sleep_stage_5 sleep_stage_rem",
        "unscored": "unscored unknown ? sleep_stage_? stage_? mt movement_time sleep_stage_mt not_scored",
    }
)


_EVENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "LM_left": ("limb movement left", "limb movement (left)", "leg movement left", "left leg movement",
                    "PLM left", "PLM (left)", "periodic leg movement left"),
        "LM_right": ("limb movement right", "limb movement (right)", "leg movement right",
                     "right leg movement", "PLM right", "PLM (right)", "periodic leg movement right"),
        "leg_movement": ("limb movement", "LM"),
        "arousal": ("EEG arousal", "ASDA arousal", "micro arousal", "spontaneous arousal", "external arousal",
                    "respiratory arousal", "arousal resulting from respiratory effort"),
        "rera": ("respiratory effort related arousal",),
        "hypopnea": ("obstructive hypopnea", "central hypopnea", "mixed hypopnea"),
    }
)  # fmt: skip
"""Labels of other programs. "PLM" without a side is not included: some programs use it for a whole series."""


def normalise(label: str) -> str:
    """Convert a label to the form used as key in a label map.

    Letter case, British spelling and word separators (spaces, hyphens, underscores) are ignored.
    """
    joined = re.sub(r"[\s_-]+", "_", label.strip().lower())
    return joined.replace("pnoea", "pnea").replace("artefact", "artifact")


DEFAULT_LABELS: Mapping[str, str] = MappingProxyType(
    {word: stage for stage, words in _STAGES.items() for word in words.split()}
    | {normalise(word): name for name, words in _EVENTS.items() for word in words}
    | {normalise(name): name for name in (*RESPIRATORY, *_OTHERS)}
)
"""Normalised label to the name used by the scorer."""
