"""The command ``compare``: agreement of two scorings of one or many recordings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.list_options import list_arguments, list_options
from monitor.cli.parameters import Number
from monitor.cli.session import SessionPath
from monitor.model.errors import InputError
from monitor.model.rules import AASM3, PROFILES
from monitor.model.wording import counted, hms

if TYPE_CHECKING:
    from monitor.compare.reading import Scoring, ScoringSource

TOO_EARLY = "too early for a rate: less than 10 minutes in the denominator"
_LENGTHS = "{where}: A ends at {a} and B at {b}; what only one of them contains counts as disagreement"
_SAME_LENGTH_S = 60.0
_SHOWN = (
    ("n_lm", "leg movements (LM)"),
    ("n_plm", "PLM"),
    ("n_plms", "PLMS"),
    ("plms_index", "PLMS per hour of sleep"),
    ("plms_arousal_index", "PLMS with arousal per hour of sleep"),
    ("plm_per_hour_recorded", "PLM per hour recorded"),
)


@click.command()
@click.argument("a", type=SessionPath())
@click.argument("b", type=SessionPath())
@list_options
@click.option("--config", "config_name", metavar="F", help="Configuration whose [markers.synonyms] apply.")
@click.option(
    "--min-iou",
    type=Number(0, 1),
    default=0.2,
    show_default=True,
    help="Smallest overlap (intersection over union) at which two events match.",
)
@click.option(
    "--rules",
    type=click.Choice(sorted(PROFILES)),
    default=AASM3.name,
    show_default=True,
    help="Main rule set of scored lists; sessions and scored folders have their own.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="F",
    help="Write a plot (.png, .pdf, .svg).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def compare(
    a: Path,
    b: Path,
    config_name: str | None,
    min_iou: float,
    rules: str,
    plot: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Compare two scorings of one or many recordings.

    B is the reference. A and B are each a session folder, an output folder of `score`, a scored list (table,
    XML, CSV, EDF+) or a folder of these. In folders, recordings of the same name are compared and a
    Bland-Altman analysis is computed over all of them.
    """
    from monitor.compare.comparison import compare_pair, over_pairs
    from monitor.compare.reading import collect
    from monitor.files.list_arguments import options_of
    from monitor.model.config import load_config

    options = options_of(list_arguments(given), load_config(config_name))
    if a.exists() and b.exists() and a.samefile(b):
        click.echo("A and B are the same: the comparison says nothing about the scoring", err=True)
    own, reference = (collect(path, options, rules) for path in (a, b))
    if len(own) == len(reference) == 1:
        names = [(next(iter(own)), next(iter(reference)))]
    else:
        names = [(name, name) for name in own if name in reference]
        _warn_unmatched(own, reference)
    if not names:
        raise InputError(
            f"{a} and {b}", "have no recording name in common", f"A: {_some(own)}; B: {_some(reference)}"
        )
    compared, last = [], None
    for name, other in names:
        last = _read_pair(own[name], reference[other])
        compared.append(compare_pair(name, *last, min_iou))
    agreed = over_pairs(compared) if len(compared) > 1 else None
    if plot is not None:
        _draw(plot, compared, last, agreed, min_iou)
    if as_json:
        document = {"reference": "b", "min_iou": min_iou, "nights": compared, "bland_altman": agreed}
        click.echo(json.dumps(document, indent=2, allow_nan=False))
        return
    click.echo("\n".join(_pair_lines(compared[0]) if agreed is None else _summary_lines(compared, agreed)))


def _read_pair(a: ScoringSource, b: ScoringSource) -> tuple[Scoring, Scoring]:
    """Read both; a list has no recording length and takes that of the other."""

    def say(text: str) -> None:
        click.echo(text, err=True)

    if a.is_list and not b.is_list:
        other = b.read(say)
        one = a.read(say, other)
    else:
        one = a.read(say)
        other = b.read(say, one)
        if a.is_list and other.end_us > one.end_us:
            one = a.read(lambda _: None, other)
    ends_s = one.end_us / 1e6, other.end_us / 1e6
    if abs(ends_s[0] - ends_s[1]) > _SAME_LENGTH_S:
        say(_LENGTHS.format(where=one.where, a=hms(ends_s[0]), b=hms(ends_s[1])))
    return one, other


def _warn_unmatched(own: Mapping[str, ScoringSource], reference: Mapping[str, ScoringSource]) -> None:
    for title, one, other in (("A", own, reference), ("B", reference, own)):
        alone = [name for name in one if name not in other]
        if alone:
            click.echo(f"only in {title}, not compared: {_some(alone)}", err=True)


def _some(names: Mapping[str, ScoringSource] | Sequence[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")


def _draw(
    plot: Path,
    pairs: Sequence[Mapping[str, Any]],
    last: tuple[Scoring, Scoring] | None,
    agreed: Mapping[str, Any] | None,
    min_iou: float,
) -> None:
    from monitor.compare.plots import draw_pair, draw_pairs, save

    if agreed is not None:
        save(draw_pairs(pairs, agreed), plot)
    elif last is not None:
        save(draw_pair(pairs[0], *last, min_iou), plot)
    click.echo(f"Plot written: {plot}", err=True)


def _pair_lines(pair: Mapping[str, Any]) -> list[str]:
    lines = [f"A: {pair['a']}", f"B: {pair['b']} (reference)", ""]
    lines.append(_line("marks", ("in A", "in B", "in both", "F1", "Dice")))
    for leg, found in pair["legs"].items():
        name = "any leg" if leg == "any" else leg
        lines.append(
            _line(
                name,
                (
                    *(str(found[k]) for k in ("n_a", "n_b", "n_matched")),
                    _share(found["f1"]),
                    _share(found["dice"]),
                ),
            )
        )
    if (plm := pair["plm"]) is not None:
        lines.append(
            _line(
                f"PLM ({plm['profile']})",
                (*(str(plm[k]) for k in ("n_a", "n_b", "n_matched")), _share(plm["f1"]), ""),
            )
        )
    epochs, why = pair["epochs"], pair["why_null"]
    lines += ["", f"Cohen's kappa, {counted(epochs['n'], 'epoch')} of 30 s"]
    for key, words in (
        ("kappa_movement", "movement onset in the epoch"),
        ("kappa_plm", "PLM onset in the epoch"),
        ("kappa_stage", "stage"),
    ):
        reason = why.get(f"epochs.{key}")
        lines.append(f"  {words:<38}{_share(epochs[key]):>8}" + (f"  ({reason})" if reason else ""))
    for rule, values in pair["rules"].items():
        lines += ["", _line(rule, ("A", "B", "A - B"))]
        for key, words in _SHOWN:
            found = values[key]
            if key in pair["too_early"][rule]:
                lines.append(f"{words:<38}  {TOO_EARLY}")
            elif found["a"] is not None or found["b"] is not None:
                lines.append(_line(words, tuple(_value(found[k]) for k in ("a", "b", "difference"))))
    return [*lines, "", "Agreement of two scorings; provisional, not a statement about a patient."]


def _summary_lines(pairs: Sequence[Mapping[str, Any]], agreed: Mapping[str, Any]) -> list[str]:
    lines = [_line(counted(len(pairs), "recording"), ("F1 LM", "Dice", "F1 PLM", "kappa"))]
    for pair in pairs:
        any_leg, plm = pair["legs"]["any"], pair["plm"]
        cells = (
            any_leg["f1"],
            any_leg["dice"],
            plm["f1"] if plm else None,
            pair["epochs"]["kappa_movement"],
        )
        lines.append(_line(str(pair["night"])[-37:], tuple(map(_share, cells))))
    lines += ["", "Bland-Altman, A - B, with 95 % limits of agreement"]
    for rule, values in agreed.items():
        for key, words in _SHOWN:
            if (one := values[key]) is not None:
                lines.append(
                    f"  {rule + ': ' + words:<48} bias {one['bias']:+z8.2f}  "
                    f"limits {one['lower']:+z8.2f} to {one['upper']:+z8.2f}  (n = {one['n']})"
                )
    return [*lines, "", "Agreement of two scorings; provisional, not a statement about a patient."]


def _line(words: str, cells: Sequence[str]) -> str:
    return f"{words:<38}" + "".join(f"{cell:>12}" for cell in cells)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:z.3f}"


def _value(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:z.2f}"
