"""The command ``score``: the live detector and rules, applied to files."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.list_options import list_arguments, list_options
from monitor.cli.parameters import WholeNumber
from monitor.cli.scoring_options import lists_of, scoring_config, scoring_options
from monitor.model.errors import InputError
from monitor.model.wording import RULES, counted

if TYPE_CHECKING:
    from monitor.archive.cluster import Where
    from monitor.model.config import Config
    from monitor.score_recording import Job, Outcome


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Output folder; results go to DIR/<file stem>/.",
)
@scoring_options
@click.option(
    "--workers",
    type=WholeNumber(min=1),
    metavar="N",
    help="Archive mode on N processes: skip unchanged recordings, write one table of all.",
)
@click.option("--scheduler", metavar="URL", help="Archive mode on an existing Dask cluster: tcp://host:8786.")
@list_options
@click.option("--json", "as_json", is_flag=True, help="Print the summaries as one JSON document.")
def score(
    files: tuple[Path, ...],
    out: Path,
    events: Path | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Detect and score leg movements in recorded files.

    FILE is EDF, EDF+, BDF or XDF. Detector and rules are those of a live recording. A failing file does
    not stop the others; the exit code is then 2. With --workers or --scheduler the files are an archive: they
    are scored in parallel, and again only if file, list, configuration or version changed; DIR/nights.parquet
    has one row per recording.
    """
    from monitor.archive.cluster import Where
    from monitor.files.list_arguments import options_of
    from monitor.score_recording import Job

    if workers is not None and scheduler is not None:
        raise InputError(
            "--workers", f"{workers} with --scheduler", "use one of the two; a cluster has its own workers"
        )
    if scheduler is not None and not scheduler.strip():
        raise InputError("--scheduler", "is empty", "expected an address such as tcp://host:8786")
    config = scoring_config(given)
    reading = list_arguments(given)
    options_of(reading, config)
    lists = lists_of(files, events)
    jobs = [Job(*each, reading) for each in zip(files, _targets(files, out), lists, strict=True)]
    summaries: list[dict[str, Any]] = []
    where = None if workers is None and scheduler is None else Where(workers or 0, scheduler or "")
    for job, outcome in _run(jobs, out, config, where):
        for line in outcome.messages:
            click.echo(f"{job.file}: {line}", err=True)
        if outcome.summary is None:
            click.echo(f"plms-monitor: {outcome.error}", err=True)
            continue
        summaries.append({"file": str(job.file)} | outcome.summary)
        click.echo(f"{job.file}: results in {job.target}", err=True)
        if not as_json:
            click.echo(_result(job.file, outcome.summary))
    if as_json:
        place = {str(job.file): number for number, job in enumerate(jobs)}
        summaries.sort(key=lambda one: place[one["file"]])
        json.dump(summaries, sys.stdout, indent=2, allow_nan=False)
        click.echo()
    if len(summaries) < len(jobs):
        sys.exit(InputError.exit_code)


def _targets(files: Sequence[Path], out: Path) -> list[Path]:
    """Return a folder for each file: by its stem, for equal stems by its relative path too."""
    # Some file systems are not case-sensitive.
    stems = Counter(file.stem.casefold() for file in files)
    twice = {stem for stem, n in stems.items() if n > 1}
    if not twice:
        return [out / file.stem for file in files]
    parents = [file.parent.resolve() for file in files]
    try:
        common = Path(os.path.commonpath(parents))
    except ValueError as err:
        problem = f"several files have the name {min(twice)!r}, on different drives"
        raise InputError("FILE", problem, "use different --out folders") from err
    targets = [
        out / (parent.relative_to(common) if file.stem.casefold() in twice else "") / file.stem
        for file, parent in zip(files, parents, strict=True)
    ]
    taken = Counter(str(target).casefold() for target in targets)
    for file, target in zip(files, targets, strict=True):
        if taken[str(target).casefold()] > 1:
            problem = f"several files have the output folder {target}, {str(file)!r} is one of them"
            raise InputError("FILE", problem, "use different --out folders")
    return targets


def _run(
    jobs: Sequence[Job], out: Path, config: Config, where: Where | None
) -> Iterator[tuple[Job, Outcome]]:
    """Score the files one after another, or as an archive."""
    from monitor.cli.score_archive import score_archive
    from monitor.score_recording import outcome_of

    if where is not None:
        yield from score_archive(jobs, out, config, where)
        return
    for job in jobs:
        line = _ProgressLine(job.file.name)
        outcome = outcome_of(job, config, line.show if sys.stderr.isatty() else None)
        line.clear()
        yield job, outcome


class _ProgressLine:
    """A progress line on a terminal, updated at each percent."""

    def __init__(self, name: str) -> None:
        self._name, self._percent = name, -1

    def show(self, share: float) -> None:
        percent = min(100, int(100 * share))
        if percent != self._percent:
            self._percent = percent
            click.echo(f"\r\x1b[K{self._name}: {percent} %", nl=False, err=True)

    def clear(self) -> None:
        if self._percent >= 0:
            click.echo("\r\x1b[K", nl=False, err=True)


def _result(file: Path, summary: dict[str, Any]) -> str:
    lines = [f"{file.name}: {summary['recording_h']:.2f} h recorded (provisional, not reviewed)"]
    for name, values in summary["rules"].items():
        n_lm = counted(values["n_lm"], "leg movement")
        lines.append(f"  {RULES[name]}: {n_lm}, {_rate(values, summary['sleep_name'])}")
    return "\n".join(lines)


def _rate(values: dict[str, Any], sleep: str) -> str:
    early = values["detail"]["too_early"]
    if values["plms_index"] is not None:
        if "plms_index" in early:
            return f"{values['n_plms']} PLMS (too early for a rate)"
        return f"{values['plms_index']:.1f} PLMS per hour of {sleep}"
    why = f"no PLMS index: {values['why_null']['plms_index']}"
    recorded = values["plm_per_hour_recorded"]
    if recorded is None or "plm_per_hour_recorded" in early:
        return f"{values['n_plm']} PLM (too early for a rate; {why})"
    return f"{recorded:.1f} PLM per hour recorded ({why})"
