"""The meaning of words in scored lists and marker streams: one table, extended by the configuration.

A laboratory adds its own words with ``[markers.synonyms]`` or ``--label``. The words of other programs are
those of their public descriptions and of public programs that read them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

RESPIRATORY = frozenset({"apnea", "hypopnea", "rera", "obstructive_apnea", "central_apnea", "mixed_apnea"})

_OTHERS = (
    *("LM_left", "LM_right", "leg_movement", "arousal", "artifact", "position", "segment"),
    *("lights_off", "lights_on"),
)

_STAGES: Mapping[str, str] = MappingProxyType(
    {
        "W": "w wake awake wk wach eveil 0 s0 stage_w stage_0 stage_wake sleep_stage_w sleep_stage_0 "
        "sleep_stage_wake sleep_s0 sleep_w",
        "N1": "n1 nrem1 nonrem1 1 s1 stage_1 stage_n1 stage1 stage_1_sleep sleep_stage_1 sleep_stage_n1 "
        "sleep_s1 sleep_n1",
        "N2": "n2 nrem2 nonrem2 2 s2 stage_2 stage_n2 stage2 stage_2_sleep sleep_stage_2 sleep_stage_n2 "
        "sleep_s2 sleep_n2",
        "N3": "n3 nrem3 nonrem3 3 s3 stage_3 stage_n3 stage3 stage_3_sleep sleep_stage_3 sleep_stage_n3 "
        "sleep_s3 sleep_n3 n4 nrem4 nonrem4 4 s4 stage_4 stage4 stage_4_sleep sleep_stage_4 sleep_s4 sws",
        "R": "r rem 5 rem_sleep stage_r stage_5 stage_rem stage5 stager sleep_stage_r sleep_stage_5 "
        "sleep_stage_rem sleep_rem sleep_r",
        "unscored": "unscored unknown ? sleep_stage_? stage_? mt movement_time sleep_stage_mt not_scored "
        "notscored unknownstage sleep_mt sleep_unscored sleep_stage_6 sleep_stage_9 "
        "sleep_stage_unscored",
    }
)


_EVENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "LM_left": ("limb movement left", "limb movement (left)", "leg movement left", "left leg movement",
                    "PLM left", "PLM (left)", "periodic leg movement left", "LM left", "left LM",
                    "mouvement de la jambe gauche", "PLM gauche", "Beinbewegung links"),
        "LM_right": ("limb movement right", "limb movement (right)", "leg movement right",
                     "right leg movement", "PLM right", "PLM (right)", "periodic leg movement right",
                     "LM right", "right LM", "mouvement de la jambe droite", "PLM droit",
                     "Beinbewegung rechts"),
        "leg_movement": ("limb movement", "LM", "PLM-LM", "PLM-RRLM", "LM-PLM", "LegMovement",
                         "isolated limb movement", "isolated leg movement", "mouvement de jambe",
                         "Beinbewegung"),
        "arousal": ("EEG arousal", "ASDA arousal", "micro arousal", "spontaneous arousal", "external arousal",
                    "respiratory arousal", "arousal resulting from respiratory effort", "micro eveil",
                    "arousal resulting from leg movement", "arousal resulting from PLM",
                    "arousal resulting from chin EMG", "limb arousal", "PLM arousal", "LM arousal",
                    "movement arousal", "arousal spontaneous", "arousal respiratory", "arousal limb",
                    "AROUSAL-LM", "AROUSAL-PLM", "AROUSAL-RESP", "AROUSAL-SPONT", "AROUSAL-APNEA",
                    "AROUSAL-HYPOPNEA", "AROUSAL-DESAT", "AROUSAL-SNORE", "AROUSAL-RERA", "ARO RES",
                    "ARO SPONT", "ARO Limb", "ARO PLM"),
        "rera": ("respiratory effort related arousal", "RESP-RERA"),
        "apnea": ("apnee",),
        "obstructive_apnea": ("APNEA-OBSTRUCTIVE", "ObstructiveApnea", "apnea obstructive",
                              "a. obstructive", "obstr. apnea", "apnee obstructive"),
        "central_apnea": ("APNEA-CENTRAL", "CentralApnea", "apnea central", "a. central", "apnee centrale"),
        "mixed_apnea": ("APNEA-MIXED", "MixedApnea", "apnea mixed", "a. mixed", "apnee mixte"),
        "hypopnea": ("obstructive hypopnea", "central hypopnea", "mixed hypopnea", "hypopnee",
                     "HYPOPNEA-CENTRAL", "HYPOPNEA-OBSTRUCTIVE", "HYPOPNEA-MIXED", "h. obstructive",
                     "h. central", "h. mixed", "h.mixed"),
        "lights_off": ("LIGHTS-OFF", "lights out", "licht aus", "lumiere eteinte"),
        "lights_on": ("LIGHTS-ON", "licht an", "lumiere allumee"),
        "artifact": ("SIGNAL-ARTIFACT", "artefakt", "movement artifact"),
        "segment": ("recording start time", "recording start"),
    }
)  # fmt: skip
"""Labels of other programs. "PLM" without a side is not included: some programs use it for a whole series."""

NUMERIC_STAGES: Mapping[int, str] = MappingProxyType(
    {
        0: "W", 1: "N1", 2: "N2", 3: "N3", 4: "N3", 5: "R",
        **dict.fromkeys((-2, -1, 6, 7, 8, 9), "unscored"),
    }
)  # fmt: skip
"""Stage codes of Rechtschaffen and Kales; those below 0 and above 5 are the usual ones for an epoch without a
stage. Codes without a 5, in which 4 is REM (YASA, Visbrain), are recognised by the reader of the list."""


def normalise(label: str) -> str:
    """Convert a label to the form used as key in a label map.

    Letter case, accents, British spelling and word separators (spaces, hyphens, underscores) are ignored.

    Examples
    --------
    >>> normalise(" Apnée-Centrale "), normalise("Obstructive Apnoea")
    ('apnee_centrale', 'obstructive_apnea')
    """
    apart = unicodedata.normalize("NFD", label.strip().lower())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    joined = re.sub(r"[\s_-]+", "_", bare)
    return joined.replace("pnoea", "pnea").replace("artefact", "artifact")


DEFAULT_LABELS: Mapping[str, str] = MappingProxyType(
    {word: stage for stage, words in _STAGES.items() for word in words.split()}
    | {normalise(word): name for name, words in _EVENTS.items() for word in words}
    | {normalise(name): name for name in (*RESPIRATORY, *_OTHERS)}
)
"""Normalised label to the name used by the scorer. The numbers are stages in marker streams; in a list they
are stages only where the list or the user says so."""

LIST_LABELS: Mapping[str, str] = MappingProxyType({**DEFAULT_LABELS, "bio_calibration": "artifact"})
"""The same for lists and annotations, which state how long an event is. The exports of a session name a
bio-calibration so; as a marker without a duration it would be an artifact without end."""
