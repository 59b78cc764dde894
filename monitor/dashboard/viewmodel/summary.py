"""The summary of a session as tables of text: every number is from `summary.json`. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.screen import CalibrationView
from monitor.model import wording
from monitor.model.rules import REFERENCE_PER_H
from monitor.scoring.indices import TOO_EARLY_US
from monitor.session.wall_time import WallTime

_ROWS: tuple[tuple[str, str, str], ...] = (
    ("PLMS per hour of sleep", "plms_index", "{:.1f}"),
    ("PLMS", "n_plms", "{}"),
    ("PLMS with arousal per hour of sleep", "plms_arousal_index", "{:.1f}"),
    ("PLMS with arousal", "n_plms_arousal", "{}"),
    ("PLM per hour of wake in bed", "plmw_index", "{:.1f}"),
    ("PLMS per hour without respiratory", "plmsnr_index", "{:.1f}"),
    ("PLM per hour recorded", "plm_per_hour_recorded", "{:.1f}"),
    ("PLM", "n_plm", "{}"),
    ("Leg movements", "n_lm", "{}"),
    ("Periodicity, PLMS / candidates in sleep", "pi_plm", "{:.2f}"),
    ("Periodicity, intervals", "pi_imi", "{:.2f}"),
)
_HOURS: tuple[tuple[str, str], ...] = (
    ("Recorded", "recording_h"),
    ("Lights off to on", "tib_h"),
    ("Asleep, usable", "tst_h"),
    ("Awake in bed, usable", "wake_h"),
    ("One leg only", "one_leg_only_h"),
)
_EDITS = (
    ("movements entered", "movements_entered"),
    ("movements rejected (each leg)", "movements_rejected"),
    ("look-alikes counted as leg movements", "lookalikes_counted"),
    ("arousals entered", "arousals"),
    ("respiratory events entered", "respiratory"),
    ("artifacts marked", "artifacts"),
    ("stages entered", "stages"),
    ("entries undone", "taken_back"),
)


class Section(NamedTuple):
    """A small table: title, column heads, rows; the first cell of a row is its name."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def headline(summary: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the main index: value, name, and what it is computed from."""
    name = summary["main_profile"]
    main, rules = summary["rules"][name], wording.RULES.get(name, name)
    audience = main["profile"]["audience"]
    reference = f"reference value {audience} {REFERENCE_PER_H[audience]:g}/h, not a diagnosis"
    if summary["tst_h"] is None:
        key, n, what, of = "plm_per_hour_recorded", main["n_plm"], "PLM", "recorded"
        length, remarks = wording.hours(round(summary["recording_h"] * 3.6e9)), f"no stages · {rules}"
    else:
        key, n, what, of = "plms_index", main["n_plms"], "PLMS", f"of {summary['sleep_name']}"
        length, remarks = wording.hours(round(summary["tst_h"] * 3.6e9)), f"{rules} · {reference}"
    counted = f"{what} in {length} {of}"
    if key in main["detail"]["too_early"]:
        return wording.count(n), counted, f"{texts.NO_RATE_YET} · {remarks}"
    return wording.rate(main[key]), f"{what} per hour {of}", f"{wording.count(n)} {counted} · {remarks}"


def sections(
    summary: Mapping[str, Any], calibrations: Sequence[CalibrationView], wall: WallTime
) -> tuple[Section, ...]:
    """Make the tables of the summary.

    Parameters
    ----------
    summary : Mapping
        The content of `summary.json`.
    calibrations : sequence of CalibrationView
        Those of the session.
    wall : WallTime
    """
    names = [summary["main_profile"], *(n for n in summary["rules"] if n != summary["main_profile"])]
    main = summary["rules"][names[0]]
    found = [_both(summary, names), _times(summary)]
    if summary.get("sit") is not None:
        found.insert(0, _sit(summary["sit"]))
    if summary["segments"]:
        found.append(_parts(summary, names, wall))
    if len(main["detail"]["by_third"]) == 3 and summary["tst_h"] is not None:
        found.append(_thirds(main))
    found += [section for section in (_certainty(summary, names, wall), _in_rem(summary)) if section.rows]
    found += [_lookalikes(summary, names)] if any(main["detail"]["lookalikes"].values()) else []
    found += [_excluded(main), _by_hand(summary, names), _calibrations(summary, calibrations, wall)]
    return tuple(found)


def _both(summary: Mapping[str, Any], names: Sequence[str]) -> Section:
    rules = [summary["rules"][name] for name in names]
    rows = [
        (text, *(_cell(each, key, form, each["detail"]["too_early"]) for each in rules))
        for text, key, form in _ROWS
    ]
    for text, key in (
        ("PLMS per hour of REM", "plms_rem_index"),
        ("PLMS per hour of NREM", "plms_nrem_index"),
    ):
        rows.insert(
            2, (text, *(_cell(each["detail"], key, "{:.1f}", each["detail"]["too_early"]) for each in rules))
        )
    large = (_cell(each["detail"], "lmm_index", "{:.1f}", each["detail"]["too_early"]) for each in rules)
    rows.append(("Large movements (LMM) per hour of sleep", *large))
    shown = tuple(row for row in rows if any(cell != wording.NONE for cell in row[1:]))
    return Section("Both rule sets", ("", *(wording.RULES.get(name, name) for name in names)), shown)


def _times(summary: Mapping[str, Any]) -> Section:
    rows = [(text, _hours(summary[key])) for text, key in _HOURS]
    rows += [(f"Usable, {leg} leg", _hours(hours)) for leg, hours in summary["usable_h"].items()]
    return Section("Times", ("", "h:min"), tuple(rows))


def _sit(found: Mapping[str, Any]) -> Section:
    rows = (
        ("PLMW per hour, intervals 10-90 s", _number(found["plmw_index"], "{:.1f}")),
        ("PLMW per hour, intervals 4-90 s", _number(found["plm_index_4_90"], "{:.1f}")),
        ("PLMW", str(found["n_plmw"])),
        ("Minutes counted", f"{found['counted_h'] * 60:.0f}"),
        ("Discomfort, mean", _number(found["discomfort_mean"], "{:.0f}")),
        ("Reference value, not a diagnosis", f"over {found['reference_per_h']:g}"),
    )
    return Section("Immobilisation test", ("", ""), rows)


def _parts(summary: Mapping[str, Any], names: Sequence[str], wall: WallTime) -> Section:
    key = "plms_index" if summary["tst_h"] is not None else "plm_per_hour_recorded"
    unit = "PLMS /h sleep" if summary["tst_h"] is not None else "PLM /h recorded"
    rows = []
    for part in summary["segments"]:
        span = f"{wall.text(part['start'], seconds=False)}–{wall.text(part['end'], seconds=False)}"
        each = [part["rules"][name] for name in names]
        cells = (_cell(one, key, "{:.1f}", one.get("too_early", ())) for one in each)
        rows.append((f"{part['label'] or 'before'} {span}", *cells))
    heads = tuple(f"{unit}, {wording.RULES.get(name, name)}" for name in names)
    return Section("Before and after", ("", *heads), tuple(rows))


def _thirds(main: Mapping[str, Any]) -> Section:
    names = ("first", "second", "last")
    rows = tuple(
        (f"{name} third", _number(third["n_plms"], "{}"), _number(_settled(third), "{:.1f}"))
        for name, third in zip(names, main["detail"]["by_third"], strict=True)
    )
    return Section("Over the night", ("", "PLMS", "per hour of sleep"), rows)


def _settled(third: Mapping[str, Any]) -> float | None:
    """Return the index of a third, None while its sleep is too short for a rate."""
    index: float | None = third["plms_index"]
    return index if (third["tst_h"] or 0.0) * 3.6e9 >= TOO_EARLY_US else None


def _excluded(main: Mapping[str, Any]) -> Section:
    left_out = {why: n for why, n in main["detail"]["excluded"].items() if why != "open"}
    rows = tuple(
        (wording.lm_why(why), str(n)) for why, n in sorted(left_out.items(), key=lambda each: -each[1])
    )
    return Section("Movements not counted", ("", "n"), rows or (("none", "0"),))


def _certainty(summary: Mapping[str, Any], names: Sequence[str], wall: WallTime) -> Section:
    """Make the table of how sure the main index is, by both rule sets; empty if nothing is known of it."""
    known = summary["uncertainty"]
    rows: list[tuple[str, ...]] = []
    if known["index_error"] is not None:
        each = [known["index_error"]["rules"][name] for name in names]
        rows.append(("95 % interval, chance in this recording", *(_range(one["interval"]) for one in each)))
        halves = [one["halves"] for one in each]
        for text, key in (("First half", "first"), ("Second half", "second")):
            rows.append((text, *(_number(half and half[key], "{:.1f}") for half in halves)))
        differences = (_range(half and half["interval"], "{:+z.1f}") for half in halves)
        rows.append(("Second minus first, 95 % interval", *differences))
    if known["amplitude_band"] is not None:
        each = [known["amplitude_band"]["rules"][name] for name in names]
        ends = [None if one["low"] is None else (one["low"], one["high"]) for one in each]
        rows.append(("Onset thresholds -20 % to +20 %", *map(_range, ends)))
    if known["forecast"] is not None:
        each = [known["forecast"]["rules"][name] for name in names]
        rows.append((texts.END_SUMMARY, *(_range(one["interval"]) for one in each)))
    for leg, one in (known["missed"] or {"legs": {}})["legs"].items():
        if (since := one.get("check_since")) is not None:
            at = wall.text(since, seconds=False)
            who = "Both legs" if leg == "either" else f"{leg.capitalize()} leg"
            rows.append((f"{who} may miss movements", f"since {at}"))
    shown = tuple(row for row in rows if any(cell != wording.NONE for cell in row[1:]))
    heads = (wording.RULES.get(name, name) for name in names)
    return Section("How sure: provisional, for information", ("", *heads), shown)


def _range(bounds: Sequence[float] | None, form: str = "{:.1f}") -> str:
    return wording.NONE if bounds is None else " to ".join(form.format(bound) for bound in bounds)


def _in_rem(summary: Mapping[str, Any]) -> Section:
    """Make the table of leg muscle activity in REM sleep; empty without any."""
    legs = summary["rem_activity"]["legs"] or {}
    rows = tuple(
        (text, *(_number(one[key], "{:.1%}") for one in legs.values()))
        for text, key in (
            ("Mini-epochs with any bursts", "any_mini_epochs"),
            ("Mini-epochs with phasic bursts", "phasic_mini_epochs"),
            ("Epochs with tonic activity", "tonic_epochs"),
        )
    )
    return Section("Leg activity in REM, without series", ("", *legs), rows if legs else ())


def _lookalikes(summary: Mapping[str, Any], names: Sequence[str]) -> Section:
    """Make the table of movements that are counted apart, and of the count by the letter of the rules."""
    key, what = ("n_plms", "PLMS") if summary["tst_h"] is not None else ("n_plm", "PLM")
    rules = [summary["rules"][name] for name in names]
    rows = [
        (wording.lm_why(why), *(str(each["detail"]["lookalikes"][why]) for each in rules))
        for why, n in rules[0]["detail"]["lookalikes"].items()
        if n
    ]
    rows.append((f"{what}, look-alikes apart", *(_number(each[key], "{}") for each in rules)))
    by_letter = (_number(each["detail"]["by_the_letter"][key], "{}") for each in rules)
    rows.append((f"{what} by the letter of the rules", *by_letter))
    heads = (wording.RULES.get(name, name) for name in names)
    return Section("Look-alikes, movements of one leg", ("", *heads), tuple(rows))


def _by_hand(summary: Mapping[str, Any], names: Sequence[str]) -> Section:
    manual = summary["manual"]
    key = "n_plms" if summary["tst_h"] is not None else "n_plm"
    what = "PLMS" if key == "n_plms" else "PLM"
    rows = [(text, str(manual["edits"][name])) for text, name in _EDITS]
    for name in names:
        automatic, now = manual["automatic"][name][key], summary["rules"][name][key]
        counts = f"{_number(automatic, '{}')} → {_number(now, '{}')}"
        rows.append((f"{what} automatic → corrected, {wording.RULES.get(name, name)}", counts))
    return Section("Manual corrections", ("", "n"), tuple(rows))


def _calibrations(
    summary: Mapping[str, Any], calibrations: Sequence[CalibrationView], wall: WallTime
) -> Section:
    modes = tuple(
        (
            f"{wall.text(each['start'], seconds=False)}-{wall.text(each['end'], seconds=False)}",
            f"{wording.counted(each['movements_not_counted'], 'movement')} not counted",
        )
        for each in summary["biocal"]
    )
    rows = modes + tuple(
        (
            f"{each.when} the night, {wall.text(each.t_s, seconds=False)}",
            "PASS" if each.has_passed else "REPEAT",
        )
        for each in calibrations
    )
    return Section("Bio-calibration", ("", ""), rows or (("none recorded", wording.NONE),))


def _cell(values: Mapping[str, Any], key: str, form: str, early: Collection[str]) -> str:
    """Format a number; a dash while it is too early for a rate."""
    return wording.NONE if key in early else _number(values[key], form)


def _number(value: float | None, form: str) -> str:
    return wording.NONE if value is None else form.format(value)


def _hours(hours: float | None) -> str:
    if hours is None:
        return wording.NONE
    minutes = round(hours * 60)
    return f"{minutes // 60}:{minutes % 60:02d}"
