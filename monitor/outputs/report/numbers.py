"""Format the numbers of the report, in one place, so that all pages agree with `summary.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NONE = "–"
TOO_EARLY = "too early for a rate"
RULE_NAMES = {"aasm3": "AASM v3", "wasm2016": "WASM 2016"}

COUNTS = (
    ("n_lm", "leg movements (LM)"),
    ("n_clm", "candidates (CLM)"),
    ("n_clms", "candidates in sleep"),
    ("n_plm", "movements in series (PLM)"),
    ("n_plms", "PLM in sleep (PLMS)"),
    ("n_plmw", "PLM awake in bed (PLMW)"),
    ("n_plmsnr", "PLMS without respiratory ones (PLMSnr)"),
    ("n_plms_arousal", "PLMS with arousal"),
    ("n_series", "series"),
    ("n_respiratory", "respiratory candidates in sleep"),
    ("n_short_interval", "short-interval candidates in sleep"),
    ("n_isolated", "isolated candidates in sleep"),
    ("n_plms_nrem", "PLMS in NREM sleep"),
    ("n_plms_rem", "PLMS in REM sleep"),
    ("n_lmm", "large muscle group movements in sleep (counted apart)"),
    ("n_twitches", "twitches (not LM)"),
    ("n_hypnic_jerks", "of them at sleep onset (perhaps hypnic jerks)"),
)
RATES = (
    ("plms_index", "PLMS per hour of sleep"),
    ("plms_arousal_index", "PLMS with arousal per hour of sleep"),
    ("plms_nrem_index", "PLMS per hour of NREM sleep"),
    ("plms_rem_index", "PLMS per hour of REM sleep"),
    ("plmw_index", "PLMW per hour awake in bed"),
    ("plmsnr_index", "PLMSnr per hour of sleep"),
    ("clms_index", "candidates per hour of sleep"),
    ("respiratory_index", "respiratory candidates per hour of sleep"),
    ("short_interval_index", "short-interval candidates per hour of sleep"),
    ("isolated_index", "isolated candidates per hour of sleep"),
    ("lmm_index", "large muscle group movements per hour of sleep"),
    ("plm_per_hour_recorded", "PLM per hour recorded"),
    ("plm_per_hour_usable", "PLM per hour with a usable leg"),
)
SHAPES = (
    ("pi_plm", "periodicity: PLMS / candidates in sleep", "{:.3f}"),
    ("pi_imi", "periodicity: intervals of 10-90 s in runs (Ferri 2006)", "{:.3f}"),
    ("imi_ln_mean", "mean of ln(interval in s)", "{:.3f}"),
    ("imi_ln_sd", "SD of ln(interval in s)", "{:.3f}"),
    ("plms_duration_mean_s", "mean duration of PLMS (s)", "{:.2f}"),
    ("plmw_duration_mean_s", "mean duration of PLMW (s)", "{:.2f}"),
    ("clms_duration_mean_s", "mean duration of candidates in sleep (s)", "{:.2f}"),
)


def with_sleep_name(name: str, summary: Mapping[str, Any]) -> str:
    """Name the kind of sleep in the name of a rate: scored or estimated."""
    return name.replace("per hour of sleep", f"per hour of {summary['sleep_name']}")


def value(rules: Mapping[str, Any], key: str) -> Any:
    """Return an index of a rule set from the summary, from the main ones or the details."""
    return rules[key] if key in rules else rules["detail"].get(key)


def count(rules: Mapping[str, Any], key: str) -> str:
    """Format a count, or the reason why it is undefined."""
    found = value(rules, key)
    return str(found) if found is not None else why_none(rules, key)


def rate(rules: Mapping[str, Any], key: str) -> str:
    """Format a rate; too early below ten minutes of its denominator, as on the screen."""
    if key in rules["detail"].get("too_early", ()):
        return TOO_EARLY
    return number(value(rules, key), "{:.1f}") or why_none(rules, key)


def shape(rules: Mapping[str, Any], key: str, form: str) -> str:
    """Format a value other than a count or rate, or the reason why it is undefined."""
    return number(value(rules, key), form) or why_none(rules, key)


def number(found: float | None, form: str) -> str:
    """Format a number, empty for None."""
    return "" if found is None else form.format(found)


def why_none(rules: Mapping[str, Any], key: str) -> str:
    """Return a dash with the reason why a value is undefined."""
    why = str(rules["why_null"].get(key, ""))
    # Each rule set reports what its text defines: this need not be repeated in every line.
    return NONE if not why or why.startswith("not reported") else f"{NONE} ({why})"


def hours(found: float | None) -> str:
    """Format hours as ``7 h 33 min (7.55 h)``."""
    if found is None:
        return NONE
    minutes = round(found * 60)
    return f"{minutes // 60} h {minutes % 60:02d} min ({found:.2f} h)"
