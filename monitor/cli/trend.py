"""The command ``trend``: the nights of one study code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from monitor.model.errors import InputError
from monitor.model.rules import AASM3, PROFILES
from monitor.model.wording import RULES, counted

_NAMES = {
    "plms_index": "PLMS per hour of sleep",
    "plm_per_hour_recorded": "PLM per hour recorded",
    "imi_ln_mean": "mean ln(interval in s)",
    "pi_imi": "periodicity",
}
_NO_VALUE = "-: no value: less than 10 minutes recorded or of sleep, no stages, or too few movements"
_FORMS = {"imi_ln_mean": "{:.3f}", "pi_imi": "{:.2f}"}


@click.command()
@click.argument("study")
@click.option(
    "--sessions",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the sessions; the default one if neither this nor --scored is given.",
)
@click.option(
    "--scored",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    multiple=True,
    metavar="DIR",
    help="Output folder of `score` that belongs to the study. Repeatable.",
)
@click.option(
    "--rules",
    type=click.Choice(sorted(PROFILES)),
    default=AASM3.name,
    show_default=True,
    help="Rule set of the index.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def trend(study: str, sessions: Path | None, scored: tuple[Path, ...], rules: str, *, as_json: bool) -> None:
    """Summarise the nights of one study code.

    STUDY is the code that the sessions were recorded with (watch --study). Lists each finished night with its
    index, mean logarithm of the intervals and periodicity, and from three nights on their mean, the smallest
    detectable change, and the chance that the mean lies above the reference value.
    """
    from monitor.compare.trend import nights_of_study
    from monitor.compare.trend import trend as trend_of
    from monitor.session.folder import default_sessions_dir

    if not study.strip():
        raise InputError("STUDY", "is empty", "expected the code that the sessions were recorded with")
    if sessions is None and not scored:
        sessions = default_sessions_dir()
    nights = nights_of_study(study, sessions, scored, rules, lambda text: click.echo(text, err=True))
    found = trend_of(study, nights, rules)
    if as_json:
        click.echo(json.dumps(found, indent=2, allow_nan=False))
    else:
        click.echo("\n".join(_lines(found)))


def _lines(found: Mapping[str, Any]) -> list[str]:
    keys = list(found["means"])
    lines = [
        f"study {found['study']}, {counted(len(found['nights']), 'night')}, index by {RULES[found['rules']]}",
        "",
    ]
    lines.append(_line("", [_NAMES[key] for key in keys]))
    lines += [_line(one["name"], [_value(one[key], key) for key in keys]) for one in found["nights"]]
    if any(one[key] is None for one in found["nights"] for key in keys):
        lines.append(_NO_VALUE)
    lines.append("")
    for row, words in (
        ("mean", "mean"),
        ("sd", "SD between nights"),
        ("change_single", "smallest detectable change, one night"),
        ("change_mean", "the same, two means of as many nights"),
    ):
        cells = [_value((found["means"][key] or {}).get(row), key) for key in keys]
        lines.append(_line(words, cells))
    intervals = [_interval(found["means"][key], key) for key in keys]
    lines.append(_line("95 % interval of the mean", intervals))
    lines += ["", *_about(found, found["means"][found["of"]])]
    return lines


def _about(found: Mapping[str, Any], index: Mapping[str, Any] | None) -> list[str]:
    lines = []
    reference = found["reference_per_h"]
    if index is not None and reference is not None:
        lines.append(
            f"chance that the mean lies above the reference value ({reference:g} per hour): "
            f"{index['chance_above']:.0%}"
        )
    for key, why in found["why_null"].items():
        lines.append(f"no {'mean of ' + _NAMES[key] if key in _NAMES else 'reference value'} ({why})")
    return [*lines, f"method: {found['method']}", "Provisional, for information only."]


def _line(words: str, cells: Sequence[str]) -> str:
    return f"{words:<40}" + "".join(f"{cell:>26}" for cell in cells)


def _value(value: float | None, key: str) -> str:
    return "-" if value is None else _FORMS.get(key, "{:.1f}").format(value)


def _interval(mean: Mapping[str, Any] | None, key: str) -> str:
    return "-" if mean is None else f"{_value(mean['low'], key)} to {_value(mean['high'], key)}"
