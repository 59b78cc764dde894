"""The command ``recover``: close a session that a crash left open."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli.session_argument import SessionPath
from monitor.session.folder import SessionFolder
from monitor.session.recovery import recover as recover_session


@click.command()
@click.argument("session", type=SessionPath())
def recover(session: Path) -> None:
    """Say what is in SESSION after a crash, repair its tails, write its tables and close it."""
    folder = SessionFolder.open(session)
    found = recover_session(folder)
    click.echo(f"{found.n_facts} facts, {found.recorded_s / 3600:.2f} h recorded.")
    if found.journal_cut_bytes:
        click.echo(f"The journal ended in a torn line; {found.journal_cut_bytes} bytes were cut off.")
    if found.recording_cut_bytes:
        click.echo(f"The recording ended in a torn chunk; {found.recording_cut_bytes} bytes were cut off.")
    click.echo("It had not been ended; it is closed now." if found.was_open else "It had been ended already.")
    click.echo(f"Tables written in {folder.path}")
