"""``score --workers`` and ``--scheduler``: many recordings in parallel with Dask, resumable."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from monitor import __version__
from monitor.archive.cluster import Failed, Where, require_packages, spread
from monitor.archive.ledger import Entry, Fingerprint, Ledger, sha256_of, tables_sha256
from monitor.archive.table import write_results_table
from monitor.model.config import Config
from monitor.model.wording import counted
from monitor.score_recording import Job, Outcome, outcome_of


@dataclass(frozen=True, slots=True)
class Worked:
    """Hold the result of a worker: outcome, fingerprint of the inputs, whether it was done before."""

    outcome: Outcome
    fingerprint: Fingerprint | None
    was_done: bool = False


def score_archive(
    jobs: Sequence[Job], out: Path, config: Config, where: Where
) -> Iterator[tuple[Job, Outcome]]:
    """Score recordings in parallel; yield outcomes as they finish.

    Parameters
    ----------
    jobs : sequence of Job
    out : Path
        Output folder; the ledger and the table of all recordings go there too.
    config : Config
    where : Where

    Raises
    ------
    MonitorError
        If the cluster is not usable or the folder is not writable.
    """
    require_packages()
    ledger = Ledger(out)
    places = [job.target.relative_to(out).as_posix() for job in jobs]
    # Workers may run on other computers and in other folders; only the file system is shared.
    pieces = [(_absolute(job), config, ledger.done(place)) for job, place in zip(jobs, places, strict=True)]
    line = _CountLine(len(jobs))
    for index, result in spread(work, pieces, where, __version__):
        job = jobs[index]
        worked = _failed(job, result) if isinstance(result, Failed) else result
        fingerprint = worked.fingerprint if worked.outcome.summary is not None else None
        if not worked.was_done:
            ledger.add(Entry(str(pieces[index][0].file), places[index], fingerprint, worked.outcome.error))
        line.clear()
        yield job, worked.outcome
        line.count(worked)
    line.clear()
    n = write_results_table(out, ledger)
    click.echo(f"{line.counts()}; {counted(n, 'recording')} in {out / 'nights.parquet'}", err=True)


def work(job: Job, config: Config, done: Fingerprint | None) -> Worked:
    """Score one recording on a worker, unless it was done before and inputs and tables are unchanged."""
    inputs = [job.file] if job.events is None else [job.file, job.events]
    try:
        own = Fingerprint(sha256_of(inputs), job.reading.sha256_with(config.sha256), __version__)
    except OSError:
        # The scorer has the better error message.
        return Worked(outcome_of(job, config), None)
    if done is not None and done.covers(own) and done.output_sha256 == tables_sha256(job.target):
        summary = json.loads((job.target / "summary.json").read_text(encoding="utf-8"))
        return Worked(Outcome(summary, ()), done, was_done=True)
    outcome = outcome_of(job, config)
    return Worked(outcome, replace(own, output_sha256=tables_sha256(job.target)))


def _absolute(job: Job) -> Job:
    events = None if job.events is None else job.events.absolute()
    return replace(job, file=job.file.absolute(), target=job.target.absolute(), events=events)


def _failed(job: Job, result: Failed) -> Worked:
    return Worked(Outcome(None, (), f"{job.file}: {result.reason}"), None)


class _CountLine:
    """A progress line on a terminal, updated after each recording."""

    def __init__(self, n: int) -> None:
        self._n, self._began_s = n, time.monotonic()
        self._scored = self._skipped = self._failed = 0
        self._write: Callable[[str], None] = self._show if sys.stderr.isatty() else lambda _: None

    def count(self, worked: Worked) -> None:
        self._skipped += worked.was_done
        self._failed += worked.outcome.summary is None
        self._scored += worked.outcome.summary is not None and not worked.was_done
        left = self._n - self._scored - self._skipped - self._failed
        minutes = (time.monotonic() - self._began_s) / 60
        rate = (self._n - left) / minutes
        self._write(f"{self.counts()}; {left} remaining, {rate:.0f} per minute, about {left / rate:.0f} min")

    def counts(self) -> str:
        return f"{self._scored} scored, {self._skipped} unchanged, {self._failed} failed"

    def clear(self) -> None:
        self._write("")

    def _show(self, text: str) -> None:
        click.echo(f"\r\x1b[K{text}", nl=False, err=True)
