"""The command ``recover``: repair and close a session after a crash or a disk error."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from monitor.cli.session_argument import SessionPath
from monitor.dashboard.walltime import clock_text
from monitor.facts import Fact
from monitor.session.damage import damage_words
from monitor.session.folder import SessionFolder

# Done, and yet not whole: neither 0 nor an error (2 bad input, 3 something needed is missing).
DAMAGED = 4


@click.command()
@click.argument("session", type=SessionPath())
def recover(session: Path) -> None:
    """Repair and close a session after a crash or a disk error.

    Reports what SESSION contains, uses everything that can be read, writes the tables and closes the session.
    The original of a damaged file stays beside it. Exit code 0: nothing is missing except the end of the last
    write. Exit code 4: the session is closed, and parts of it are damaged or missing.
    """
    from monitor.session.recovery import recover as recover_session

    folder = SessionFolder.open(session)
    done = recover_session(folder)
    found = done.found
    lost = [fact for fact in found.state.facts("damaged") if fact in found.damaged or fact.data.get("n") != 0]
    if lost:
        when = "" if found.damaged else " It was found and repaired earlier."
        click.echo(f"DAMAGED: parts of this session could not be read.{when}")
    for fact in lost:
        click.echo(f"  {_line(fact)}")
    for name, cut in (("journal", found.journal_cut_bytes), ("recording", found.recording_cut_bytes)):
        if cut:
            what = "line" if name == "journal" else "chunk"
            click.echo(f"The {name} ended in a torn {what}; {cut} bytes were cut off.")
    for name, kept in found.kept.items():
        click.echo(f"  {name}: the original bytes are in {kept}")
    if done.set_aside:
        click.echo(done.set_aside)
    click.echo(f"{found.n_facts} facts, {done.recorded_s / 3600:.2f} h recorded.")
    if done.was_open:
        click.echo("The session had not been ended; it is closed now.")
    else:
        rewritten = ", ".join(found.kept)
        click.echo(f"The session had ended already{'; rewritten: ' + rewritten if rewritten else ''}.")
    click.echo(f"Tables written in {folder.path}")
    if lost:
        sys.exit(DAMAGED)


def _line(fact: Fact) -> str:
    """Say what is missing, where in the session and of which numbers."""
    data = fact.data
    span = ""
    if fact.t is not None and data.get("end") is not None:
        span = f", {clock_text(fact.t)} to {clock_text(data['end'])}"
    counted = data.get("n") is not None and data.get("from_seq") is not None
    numbers = f" (seq {data['from_seq']} to {data['to_seq']})" if counted else ""
    bytes_ = f", {data['bytes']} bytes" if data.get("bytes") else ""
    return f"{data['what']}: {damage_words(data)}{numbers}{span}{bytes_}"
