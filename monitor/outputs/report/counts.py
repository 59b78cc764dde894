"""Tables of counts and rates: both rule sets side by side; by hour, stage and position; the series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from monitor.model import wording
from monitor.outputs.report import numbers
from monitor.outputs.report.blocks import Block, Table, Text
from monitor.scoring.denominators import HOUR_US, StageTimeline
from monitor.scoring.inputs import STAGES
from monitor.scoring.spans import time_before
from monitor.session.reader import Session
from monitor.session.wall_time import WallTime

Rules = Mapping[str, Mapping[str, Any]]
_LOOKALIKES = """Movements that look like leg movements and are not: named from the bursts inside them,
    counted apart, and in no series. By the letter of the rules they would be counted. Provisional: the
    criteria are listed below as switches of the rule sets, and a person can count a movement as a leg
    movement."""
# A rate needs ten minutes of its denominator.
_LEAST_US = 600_000_000


def _side_by_side(rules: Rules, head: str, rows: list[tuple[str, ...]]) -> Table:
    return Table((head, *(numbers.RULE_NAMES.get(name, name) for name in rules)), tuple(rows))


def main_table(summary: Mapping[str, Any]) -> Table:
    """Return the main results of both rule sets side by side."""
    rules: Rules = summary["rules"]
    rates = ("plms_index", "plms_arousal_index", "plmw_index", "plm_per_hour_recorded")
    rows = [
        (numbers.with_sleep_name(words, summary), *(numbers.rate(rules[name], key) for name in rules))
        for key, words in numbers.RATES
        if key in rates
    ]
    counts = ("n_lm", "n_plm", "n_plms", "n_plms_arousal", "n_series")
    rows += [
        (words, *(numbers.count(rules[name], key) for name in rules))
        for key, words in numbers.COUNTS
        if key in counts
    ]
    table = _side_by_side(rules, "", rows)
    return _defined(table) if is_unstaged(summary) else table


def is_unstaged(summary: Mapping[str, Any]) -> bool:
    """Return whether there are no sleep stages: what needs them is left out, not listed as dashes."""
    return summary["tst_h"] is None


def _defined(table: Table) -> Table:
    """Return a table without the rows that have no value by any rule set."""
    return replace(table, rows=tuple(row for row in table.rows if not _is_empty(row)))


def _is_empty(row: tuple[str, ...]) -> bool:
    return all(cell.startswith(numbers.NONE) for cell in row[1:])


def every_index(summary: Mapping[str, Any]) -> list[Block]:
    """List all counts, rates and interval statistics of both rule sets, and the counts by leg."""
    tables = _every_index(summary)
    if not is_unstaged(summary):
        return list(tables)
    names = [row[0] for table in tables for row in table.rows if _is_empty(row)]
    left_out = Text(f"Not defined without sleep stages: {', '.join(names)}.", is_small=True)
    return [*map(_defined, tables), left_out]


def _every_index(summary: Mapping[str, Any]) -> list[Table]:
    rules: Rules = summary["rules"]
    each = list(rules.values())
    tables = [
        _side_by_side(
            rules, "Counts", [(words, *(numbers.count(r, k) for r in each)) for k, words in numbers.COUNTS]
        ),
        _side_by_side(
            rules, "Rates", [(words, *(numbers.rate(r, k) for r in each)) for k, words in numbers.RATES]
        ),
        _side_by_side(
            rules,
            "Intervals and durations",
            [(words, *(numbers.shape(r, k, form) for r in each)) for k, words, form in numbers.SHAPES],
        ),
    ]
    legs = [
        (f"{what}: {leg}", *(_of_leg(r["detail"][key], leg) for r in each))
        for key, what in (("plm_by_leg", "PLM"), ("plms_by_leg", "PLMS"))
        for leg in ("left", "right", "both", "unknown")
        if any((r["detail"][key] or {}).get(leg) for r in each)
    ]
    if legs:
        tables.append(_side_by_side(rules, "By leg", legs))
    why = sorted({word for r in each for word in r["detail"]["excluded"]})
    if why:
        rows = [
            (wording.lm_why(word), *(str(r["detail"]["excluded"].get(word, 0)) for r in each)) for word in why
        ]
        tables.append(_side_by_side(rules, "Leg movements not counted, by reason", rows))
    return tables


def lookalikes(summary: Mapping[str, Any]) -> list[Block]:
    """List the look-alikes and the results by the letter of the rules; nothing without any."""
    rules: Rules = summary["rules"]
    each = list(rules.values())
    if not any(n for r in each for n in r["detail"]["lookalikes"].values()):
        return []
    rows = [
        (wording.lm_why(why), *(str(r["detail"]["lookalikes"][why]) for r in each))
        for why in each[0]["detail"]["lookalikes"]
    ]
    keys = ("n_lm", "n_plm", "n_plms", "plms_index", "plm_per_hour_recorded")
    names = dict((*numbers.COUNTS, *numbers.RATES))
    results = [(numbers.with_sleep_name(names[k], summary), *_apart_and_by_letter(each, k)) for k in keys]
    heads = [f"{numbers.RULE_NAMES.get(n, n)}, {how}" for n in rules for how in ("apart", "by the letter")]
    return [
        _side_by_side(rules, "movements of one leg", rows),
        Table(("", *heads), tuple(results)),
        Text(" ".join(_LOOKALIKES.split()), is_small=True),
    ]


def _apart_and_by_letter(each: list[Mapping[str, Any]], key: str) -> list[str]:
    cells = []
    for r in each:
        early = key in r["detail"].get("too_early", ())
        letter = numbers.TOO_EARLY if early else _number(r["detail"]["by_the_letter"][key])
        cells += [numbers.TOO_EARLY if early else _number(r[key]), letter]
    return cells


def _of_leg(counts: Mapping[str, int] | None, leg: str) -> str:
    return numbers.NONE if counts is None else str(counts[leg])


def time_parts(summary: Mapping[str, Any], key: str, first: str, wall: WallTime) -> Table:
    """List the hours or the thirds of the time in bed, by the main rule set and the other."""
    rules: Rules = summary["rules"]
    if is_unstaged(summary):
        return _time_parts_unstaged(rules, key, first, wall)
    heads = _part_heads(rules, first, "hours asleep", ("PLMS", "per hour"))
    rows = []
    parts = [r["detail"][key] for r in rules.values()]
    for place, same in enumerate(zip(*parts, strict=True), start=1):
        when = f"{place}: {_clock(wall, same[0]['start_us'])} to {_clock(wall, same[0]['end_us'])}"
        cells = [when, numbers.number(same[0]["tst_h"], "{:.2f}") or numbers.NONE]
        for part in same:
            cells += [str(part["n_plms"]), _rate_of_part(part)]
        rows.append(tuple(cells))
    return Table(heads, tuple(rows))


def _part_heads(rules: Rules, first: str, hours: str, what: tuple[str, ...]) -> tuple[str, ...]:
    names = [numbers.RULE_NAMES.get(name, name) for name in rules]
    return (first, hours, *(f"{each}, {name}" for name in names for each in what))


def _time_parts_unstaged(rules: Rules, key: str, first: str, wall: WallTime) -> Table:
    """List parts of a recording without stages: movements in series, per hour recorded."""
    rows = []
    parts = [r["detail"][key] for r in rules.values()]
    for place, same in enumerate(zip(*parts, strict=True), start=1):
        start_us, end_us = same[0]["start_us"], same[0]["end_us"]
        cells = [f"{place}: {_clock(wall, start_us)} to {_clock(wall, end_us)}"]
        cells.append(f"{(end_us - start_us) / HOUR_US:.2f}")
        for part in same:
            cells += [str(part["n_plm"]), _per_hour(part["n_plm"], end_us - start_us)]
        rows.append(tuple(cells))
    return Table(_part_heads(rules, first, "hours", ("PLM", "per hour")), tuple(rows))


def _rate_of_part(part: Mapping[str, Any]) -> str:
    if part["plms_index"] is not None and part["tst_h"] * HOUR_US < _LEAST_US:
        return numbers.TOO_EARLY
    return numbers.number(part["plms_index"], "{:.1f}") or numbers.NONE


def _per_hour(n: int, length_us: int) -> str:
    return f"{n * HOUR_US / length_us:.1f}" if length_us >= _LEAST_US else numbers.TOO_EARLY


def by_stage(session: Session) -> Table | Text:
    """Count the main rule set's movements by the stage at their onset, inside the time in bed."""
    line = StageTimeline(session.night)
    rows = []
    for stage in STAGES:
        over_us = line.staged_us(frozenset({stage}), line.any_leg)
        if not over_us:
            continue
        inside = [
            lm
            for lm in session.main.lms
            if lm.stage == stage and line.tib_start_us <= lm.onset_us < line.tib_end_us
        ]
        n_plm = sum(lm.plm for lm in inside)
        rate = _per_hour(n_plm, over_us)
        rows.append((stage, f"{over_us / HOUR_US:.2f}", str(len(inside)), str(n_plm), rate))
    if not rows:
        return Text("No sleep stages.")
    return Table(
        ("stage", "hours with a usable leg", "movements, counted or not", "PLM", "PLM per hour"), tuple(rows)
    )


def by_position(session: Session) -> Table | None:
    """Count by body position, from each position entry to the next; None without entries."""
    noted = sorted((f.t or 0.0, str(f.data["position"])) for f in session.state.facts("position"))
    if not noted:
        return None
    line, main = StageTimeline(session.night), session.main
    edges = np.array([round(t * 1e6) for t, _ in noted] + [session.night.end_us], np.int64)
    edges = np.clip(edges, line.tib_start_us, line.tib_end_us)
    has_stages = line.has_stages
    lengths_us = np.diff(edges if not has_stages else time_before(line.asleep, edges)).tolist()
    totals: dict[str, list[int]] = {}
    for (start, end), us, (_, position) in zip(pairwise(edges.tolist()), lengths_us, noted, strict=True):
        counted = [lm for lm in main.lms if lm.plm and (not has_stages or lm.counted_in == "sleep")]
        n = sum(start <= lm.onset_us < end for lm in counted)
        total = totals.setdefault(position, [0, 0])
        total[0], total[1] = total[0] + us, total[1] + n
    rows = [
        (
            name,
            f"{us / HOUR_US:.2f}",
            str(n),
            _per_hour(n, us),
        )
        for name, (us, n) in totals.items()
    ]
    if not has_stages:
        return Table(("position", "hours", "PLM", "PLM per hour recorded"), tuple(rows))
    return Table(("position", "hours asleep", "PLMS", "PLMS per hour of sleep"), tuple(rows))


def series(summary: Mapping[str, Any], profile: str, wall: WallTime) -> Table:
    """List the series of a rule set."""
    rows = []
    for one in summary["rules"][profile]["detail"]["series"]:
        asleep = numbers.NONE if one["n_in_sleep"] is None else str(one["n_in_sleep"])
        length_s = (one["end_us"] - one["onset_us"]) / 1e6
        mean_s = f"{one['mean_imi_us'] / 1e6:.1f}"
        begin = _clock(wall, one["onset_us"], seconds=True)
        rows.append((str(one["number"]), begin, f"{length_s / 60:.1f}", str(one["n"]), asleep, mean_s))
    heads = ("series", "begins", "minutes", "movements", "of them in sleep", "mean interval (s)")
    if is_unstaged(summary):
        return Table((*heads[:4], heads[5]), tuple((*row[:4], row[5]) for row in rows), wide=1)
    return Table(heads, tuple(rows), wide=1)


def segments(summary: Mapping[str, Any], wall: WallTime) -> Table | None:
    """List the parts of a split night; None if not split."""
    parts = summary.get("segments") or []
    if not parts:
        return None
    rules: Rules = summary["rules"]
    heads = _part_heads(rules, "part", "hours asleep", ("PLMS", "per hour"))
    count, rate_key = "n_plms", "plms_index"
    if is_unstaged(summary):
        heads = _part_heads(rules, "part", "hours", ("PLM", "per hour"))
        count, rate_key = "n_plm", "plm_per_hour_recorded"
    rows = []
    for part in parts:
        where = f"{wall.text(part['start'], seconds=False)} to {wall.text(part['end'], seconds=False)}"
        each = [part["rules"][name] for name in rules]
        cells = [f"{part['label'] or 'first part'}: {where}"]
        length_h = (part["end"] - part["start"]) / 3600.0 if is_unstaged(summary) else each[0].get("tst_h")
        cells.append(numbers.number(length_h, "{:.2f}") or numbers.NONE)
        for one in each:
            n = one.get(count)
            cells += [numbers.NONE if n is None else str(n)]
            early = rate_key in one.get("too_early", ())
            rate = "too early" if early else numbers.number(one.get(rate_key), "{:.1f}")
            cells += [rate or numbers.NONE]
        rows.append(tuple(cells))
    return Table(heads, tuple(rows))


def edits(summary: Mapping[str, Any]) -> list[Block]:
    """List the manual changes, and the results with and without them."""
    made = summary["manual"]["edits"]
    words = ", ".join(f"{name.replace('_', ' ')}: {n}" for name, n in made.items())
    rules, automatic = summary["rules"], summary["manual"]["automatic"]
    rows = [
        (f"{name} {numbers.RULE_NAMES.get(rule, rule)}", *_both(rules[rule], key, was))
        for rule, counts in automatic.items()
        for key, was in counts.items()
        if (name := dict((*numbers.COUNTS, *numbers.RATES)).get(key))
    ]
    head = ("", "without manual movements, events, rejections and artifacts", "as reported")
    table = Table(head, tuple(rows))
    shown = _defined(table) if is_unstaged(summary) else table
    return [Text(f"Manual changes in effect: {words}."), shown]


def _both(rules: Mapping[str, Any], key: str, was: float | None) -> tuple[str, str]:
    """Format a value without and with the manual changes; while it is too early for a rate, show neither."""
    if key in rules["detail"].get("too_early", ()):
        return numbers.TOO_EARLY, numbers.TOO_EARLY
    return _number(was), _number(rules[key])


def _number(found: float | None) -> str:
    return numbers.NONE if found is None else f"{found:.1f}" if isinstance(found, float) else str(found)


def _clock(wall: WallTime, at_us: int, *, seconds: bool = False) -> str:
    return wall.text(at_us / 1e6, seconds=seconds)
