"""The section of the report that says how sure its numbers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.model import wording
from monitor.outputs.report import numbers
from monitor.outputs.report.blocks import Block, Table, Text
from monitor.scoring.uncertainty.missed import alert_text, missed
from monitor.session.reader import Session
from monitor.session.wall_time import WallTime

_MEANING = (
    "Provisional, for information only. The interval is about chance in this recording "
    "alone: not about missed movements, nor about other nights of the same sleeper."
)


def first_page(summary: Mapping[str, Any]) -> list[Text]:
    """Return the interval of the main index and its range over other thresholds; nothing without them."""
    return [*_error_line(summary), *_band_line(summary)]


def _band_line(summary: Mapping[str, Any]) -> list[Text]:
    band, main = summary["uncertainty"]["amplitude_band"], str(summary["main_profile"])
    if band is None:
        return []
    found = band["rules"][main]
    if found["low"] is None or found["of"] in _early(summary, main):
        return []
    shown = f"{found['low']:.1f} to {found['high']:.1f}"
    return [Text(f"Other onset thresholds (20 % lower and higher): {shown} (the same recording).")]


def _error_line(summary: Mapping[str, Any]) -> list[Text]:
    error = summary["uncertainty"]["index_error"]
    if error is None:
        return []
    found = error["rules"][summary["main_profile"]]
    if found["interval"] is None or found["of"] in _early(summary, str(summary["main_profile"])):
        return []
    low, high = found["interval"]
    return [
        Text(
            f"Statistical error of this index: {low:.1f} to {high:.1f} (95 % interval, bootstrap over bouts; "
            "provisional; chance in this recording only)."
        )
    ]


def blocks(session: Session, wall: WallTime) -> list[Block]:
    """List the figures on uncertainty; a part that is switched off or undefined states why."""
    summary = session.summary
    found = summary["uncertainty"]
    shown: list[Block] = [Text(_MEANING)]
    if found["index_error"] is not None:
        shown += _index_error(summary, found["index_error"], wall)
    if found["amplitude_band"] is not None:
        shown += _amplitude_band(summary, found["amplitude_band"])
    if found["missed"] is not None:
        shown += _missed(session, found["missed"], wall)
    if found["forecast"] is not None:
        shown += _forecast(summary, found["forecast"])
    return shown + [Text(f"No {_NAMES[key]}: {why}.") for key, why in found["why_null"].items()]


def rem_activity(summary: Mapping[str, Any]) -> list[Block]:
    """List the muscle activity of the legs in REM sleep; nothing without REM sleep or if switched off."""
    found = summary["rem_activity"]
    if found["legs"] is None:
        return []
    legs = found["legs"]
    rows = (
        ("hours of REM sleep used", *(f"{leg['rem_h']:.2f}" for leg in legs.values())),
        ("bursts; phasic; left out", *(_bursts(leg) for leg in legs.values())),
        *(
            (words, *(numbers.number(leg[key], "{:.1%}") or numbers.NONE for leg in legs.values()))
            for key, words in _REM
        ),
    )
    series = numbers.RULE_NAMES.get(found["series_by"], found["series_by"])
    about = f"Provisional. Reference: {found['reference']}. Method: {found['method']}. Series by {series}."
    return [Table(("share of REM sleep", *legs), rows), Text(about, is_small=True)]


_REM = (
    ("phasic_time", "time with phasic bursts"),
    ("any_time", "time with any bursts"),
    ("phasic_mini_epochs", "3 s mini-epochs with phasic bursts"),
    ("any_mini_epochs", "3 s mini-epochs with any bursts"),
    ("tonic_epochs", "30 s epochs with tonic activity"),
)


def _bursts(leg: Mapping[str, Any]) -> str:
    return f"{leg['n_bursts']}; {leg['n_phasic']}; {leg['n_left_out']}"


_NAMES = {
    "index_error": "statistical error",
    "missed": "estimate of missed movements",
    "forecast": "forecast of the final index",
    "amplitude_band": "index at other onset thresholds",
}


def _early(summary: Mapping[str, Any], rule: str) -> list[str]:
    early: list[str] = summary["rules"][rule]["detail"]["too_early"]
    return early


def _amplitude_band(summary: Mapping[str, Any], found: Mapping[str, Any]) -> list[Block]:
    """List the index at each onset threshold, and whether the reference value lies among them."""
    rules = found["rules"]
    (key,) = {one["of"] for one in rules.values()}
    index = numbers.with_sleep_name(dict(numbers.RATES)[key], summary)
    by_threshold = zip(*(one["thresholds"] for one in rules.values()), strict=True)
    rows = [
        (
            f"{index}, onset threshold {each[0]['onset_uv']:g} µV",
            *(
                numbers.TOO_EARLY
                if key in _early(summary, rule)
                else numbers.number(one["per_h"], "{:.1f}") or numbers.NONE
                for rule, one in zip(rules, each, strict=True)
            ),
        )
        for each in by_threshold
    ]
    reference = ("the reference value lies between them", *(_has_reference(one) for one in rules.values()))
    header = ("other onset thresholds", *(numbers.RULE_NAMES[name] for name in rules))
    return [Table(header, (*rows, reference)), Text(f"Method: {found['method']}.", is_small=True)]


def _has_reference(one: Mapping[str, Any]) -> str:
    if one["has_reference"] is None:
        return numbers.why_none(one, "has_reference")
    return f"{'yes' if one['has_reference'] else 'no'} ({one['reference_per_h']:g} per hour)"


def _index_error(summary: Mapping[str, Any], error: Mapping[str, Any], wall: WallTime) -> list[Block]:
    each = error["rules"]
    names = dict(numbers.RATES)
    (key,) = {found["of"] for found in each.values()}
    split = {found["halves"]["split"] for found in each.values() if found["halves"] is not None}
    when = f", divided at {wall.text(split.pop())}" if split else ""
    index = numbers.with_sleep_name(names[key], summary)
    rows = (
        (
            f"{index}, with its interval",
            *(
                numbers.TOO_EARLY if key in _early(summary, rule) else _value(found, "index", "interval")
                for rule, found in each.items()
            ),
        ),
        (f"first half{when}", *(_half(found, "first") for found in each.values())),
        ("second half", *(_half(found, "second") for found in each.values())),
        ("second half minus first", *(_difference(found) for found in each.values())),
        (
            "periodicity (Ferri 2006), from 10 candidates per hour on",
            *(_value(found, "pi_imi", "pi_imi_interval", "{:.2f}") for found in each.values()),
        ),
    )
    head = ("value (95 % interval)", *(numbers.RULE_NAMES.get(name, name) for name in each))
    return [Table(head, rows), Text(f"Method: {error['method']}.", is_small=True)]


def _value(found: Mapping[str, Any], key: str, interval: str, form: str = "{:.1f}") -> str:
    if found[key] is None:
        return numbers.why_none(found, key)
    value = form.format(found[key])
    if found[interval] is None:
        return f"{value} (no interval: {found['why_null'][interval]})"
    low, high = (form.format(bound) for bound in found[interval])
    return f"{value} ({low} to {high})"


def _half(found: Mapping[str, Any], key: str) -> str:
    return numbers.why_none(found, "halves") if found["halves"] is None else f"{found['halves'][key]:.1f}"


def _difference(found: Mapping[str, Any]) -> str:
    if found["halves"] is None:
        return numbers.NONE
    return _value(found["halves"], "difference", "interval", "{:+z.1f}")


def _missed(session: Session, found: Mapping[str, Any], wall: WallTime) -> list[Block]:
    """List the share of missed movements by leg and hour, with the legs whose electrode should be checked."""
    legs = found["legs"]
    rhythms = tuple((leg, *_rhythm(values)) for leg, values in legs.items())
    shown: list[Block] = [
        Table(
            ("movements of the rhythm that are missing (estimate)", "share", "rhythm", "intervals"), rhythms
        )
    ]
    known = {leg: values["hours"] for leg, values in legs.items() if values["share"] is not None}
    if known:
        rows = [
            (f"{wall.text(same[0]['start'])} to {wall.text(same[0]['end'])}", *map(_share, same))
            for same in zip(*known.values(), strict=True)
        ]
        shown.append(Table(("share missing by hour", *known), tuple(rows)))
    if any(values.get("check_since") is not None for values in legs.values()):
        apart = next(iter(session.scores.values())).lookalike_keys
        texts = (
            alert_text(one, wall.text((one.since_us or 0) / 1e6)) for one in missed(session.night, apart)
        )
        shown += [Text(f"Note: {text}") for text in texts if text]
    return [*shown, Text(f"{found['meaning']} Method: {found['method']}. Provisional.", is_small=True)]


def _rhythm(values: Mapping[str, Any]) -> tuple[str, str, str]:
    if values["share"] is None:
        return numbers.why_none(values, "share"), numbers.NONE, numbers.NONE
    return (
        f"{values['share']:.0%} ± {values['standard_error']:.0%}",
        f"{values['period_s']:.0f} s, SD of ln {values['ln_sd']:.2f}",
        str(values["n_intervals"]),
    )


def _share(hour: Mapping[str, Any]) -> str:
    return numbers.why_none(hour, "share") if hour["share"] is None else f"{hour['share']:.0%}"


def _chance(one: Mapping[str, Any]) -> str:
    if one["chance_above_reference"] is None:
        return numbers.why_none(one, "chance_above_reference")
    shown = wording.chance(one["chance_above_reference"])
    return f"{shown} (reference value {one['reference_per_h']:g} per hour)"


def _forecast(summary: Mapping[str, Any], found: Mapping[str, Any]) -> list[Block]:
    """List where the index may end tonight; the reference value is named, nothing is decided."""
    each = found["rules"].values()
    names = dict(numbers.RATES)
    rows = (
        (
            f"{numbers.with_sleep_name(names[next(iter(each))['of']], summary)} at the end, 80 % interval",
            *(f"{one['interval'][0]:.1f} to {one['interval'][1]:.1f}" for one in each),
        ),
        (
            "chance that it ends above the reference value",
            *(_chance(one) for one in each),
        ),
    )
    head = (
        f"tonight's end, planned after {found['planned_h']:g} h",
        *(numbers.RULE_NAMES.get(name, name) for name in found["rules"]),
    )
    about = f"Provisional; {found['purpose']}. Method: {found['method']}. Prior: {found['prior']}."
    return [Table(head, rows), Text(about, is_small=True)]
