"""The command ``export``: a session for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli.session_argument import SessionPath
from monitor.exports import FORMS, export_session


@click.command()
@click.argument("session", type=SessionPath())
@click.option("--format", "form", type=click.Choice(FORMS), required=True, help="Form of the files.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder for them.")
@click.option("--all-channels", is_flag=True, help="EDF: with the channels that are no leg.")
def export(session: Path, form: str, out: Path, all_channels: bool) -> None:
    """Write SESSION as EDF+, into a BIDS dataset, as CSV tables, or as XDF. SESSION is not changed."""
    done = export_session(session, form, out, all_channels=all_channels)  # type: ignore[arg-type]
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    for path in done.files:
        click.echo(path)
