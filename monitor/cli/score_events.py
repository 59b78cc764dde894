"""The command ``score-events``: the scoring rules, applied to a scored list."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor import __version__
from monitor.cli.list_options import list_arguments, list_options, messages
from monitor.model.errors import InputError
from monitor.model.rules import PROFILES, RulesProfile
from monitor.model.safe_file import write_private

if TYPE_CHECKING:
    from monitor.scoring import Indices, Night, Score

MEASURE = "scored list: no signal was measured"
_NO_MOVEMENTS = (
    "contains no leg movement: every count is 0 because none is listed; if movements were scored under other "
    "words, name them with --label"
)

_COUNTS = (
    ("leg movements (LM)", "n_lm"),
    ("candidates (CLM)", "n_clm"),
    ("series", "n_series"),
    ("PLM", "n_plm"),
    ("PLMS (in sleep)", "n_plms"),
    ("PLMW (awake)", "n_plmw"),
    ("PLMS with arousal", "n_plms_arousal"),
)
_RATES = (
    ("PLMS per hour of sleep", "plms_index", "n_plms"),
    ("PLMS with arousal per hour of sleep", "plms_arousal_index", "n_plms_arousal"),
    ("PLMS without respiratory LM, per hour", "plmsnr_index", "n_plmsnr"),
    ("PLMW per hour of wake in bed", "plmw_index", "n_plmw"),
    ("PLM per hour recorded", "plm_per_hour_recorded", "n_plm"),
)
"""Name, rate, and the count shown while it is too early for the rate."""


@click.command("score-events")
@click.argument("file", type=click.Path(path_type=Path), metavar="LIST")
@click.option(
    "--rules",
    type=click.Choice(sorted(PROFILES)),
    help="Main rule set; both are always computed.  [default: aasm3]",
)
@click.option("--config", "config_name", metavar="F", help="Configuration: its rules and [markers.synonyms].")
@list_options
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for events.tsv, movements.tsv and summary.json.",
)
def score_events(
    file: Path, rules: str | None, config_name: str | None, as_json: bool, out: Path | None, **given: Any
) -> None:
    """Apply the scoring rules to a scored list.

    LIST is a table with a header (tab, comma, semicolon or bar; columns such as onset, duration or end,
    trial_type or event), one stage per line, XML (NSRR, Profusion, EDFbrowser, Sleepware), a text export of
    DOMINO, or the annotations of an EDF+ file. The content decides, not the file name. Types: LM_left,
    LM_right, leg_movement; W, N1, N2, N3, R, unscored; apnea, hypopnea, rera and the kinds of apnea; arousal;
    artifact; lights_off, lights_on; and the words of other programs. Other types are ignored and listed.

    The table events.tsv of a session is a result, not a list: `export SESSION --format edf` writes a list.
    """
    from monitor.files.list_arguments import options_of
    from monitor.files.scored_lists import read_annotations
    from monitor.model.config import load_config
    from monitor.scoring import score
    from monitor.scoring.summary import summary
    from monitor.scoring.uncertainty.document import further_parts
    from monitor.session.folder import refuse_replacing

    if out is not None:
        refuse_replacing(out, [file])
    config = load_config(config_name)
    main = rules or config.main_profile
    listed = read_annotations(file, options_of(list_arguments(given), config))
    for line in messages(listed):
        click.echo(line, err=True)
    scored_list = listed.night
    if not scored_list.movements:
        click.echo(_NO_MOVEMENTS, err=True)
    scores = {name: score(scored_list, profile) for name, profile in config.rules.items()}
    document = summary(scored_list, scores, main, __version__, _switches_sha256(config.rules), MEASURE)
    document |= further_parts(scored_list, scores, config.uncertainty)
    if out is not None:
        _write_all(out, scored_list, scores[main], document)
        click.echo(f"Results written to {out}", err=True)
    if as_json:
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        click.echo(_human(file.name, scores, main))


def _switches_sha256(profiles: Mapping[str, RulesProfile]) -> str:
    """Return the digest of the switches of both rule sets, which determine the result of a list."""
    switches = {name: profile.as_dict() for name, profile in profiles.items()}
    return hashlib.sha256(json.dumps(switches, sort_keys=True).encode()).hexdigest()


def _write_all(out: Path, scored_list: Night, main: Score, document: Mapping[str, object]) -> None:
    from monitor.scoring.tables import events_tsv, movements_tsv

    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(out / "events.tsv", events_tsv(main))
        write_private(out / "movements.tsv", movements_tsv(scored_list))
        write_private(out / "summary.json", json.dumps(document, indent=2, allow_nan=False) + "\n")
    except OSError as error:
        raise InputError(
            str(out), f"cannot be written to: {error.strerror}", "choose another --out"
        ) from error


def _human(title: str, scores: Mapping[str, Score], main: str) -> str:
    from monitor.scoring.denominators import HOUR_US

    den = scores[main].denominators
    times = f"{den.recording_us / HOUR_US:.2f} h recorded"
    if den.tst_us is not None:
        times += f", {den.tst_us / HOUR_US:.2f} h of sleep"
    order = [main, *(name for name in scores if name != main)]
    names = [f"{name}{' (main)' if name == main else ''}" for name in order]
    lines = [f"{title}: {times}", "", _line("", names)]
    for words, field in _COUNTS:
        lines.append(_line(words, [_count(scores[name].indices, field) for name in order]))
    for words, field, counted in _RATES:
        lines.append(_line(words, [_rate(scores[name].indices, field, counted) for name in order]))
    profile = scores[main].profile
    limit = f"{profile.reference_per_h:g} PLMS per hour of sleep"
    lines += ["", f"reference value ({profile.audience}), not a diagnosis: {limit}"]
    shown = {field for _, field, _ in _RATES}
    if any(scores[name].indices.too_early & shown for name in order):
        lines.append("too early for a rate: less than 10 minutes in the denominator; the count is shown")
    notes = {why for name in order for why in scores[name].why_null.values() if why.startswith("no ")}
    return "\n".join(lines + [f"-: {why}" for why in sorted(notes & {"no stages yet", "no sleep yet"})])


def _line(words: str, cells: list[str]) -> str:
    return f"{words:<40}" + "".join(f"{cell:>22}" for cell in cells)


def _count(indices: Indices, field: str) -> str:
    value = getattr(indices, field)
    return "-" if value is None else str(value)


def _rate(indices: Indices, field: str, counted: str) -> str:
    if field in indices.too_early:
        return f"too early (n = {getattr(indices, counted)})"
    value = getattr(indices, field)
    return "-" if value is None else f"{value:.1f}"
