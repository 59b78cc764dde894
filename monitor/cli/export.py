"""The command ``export``: write a session for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli.session_argument import SessionPath

_FORMATS = ("edf", "bids", "csv", "xdf")


@click.command()
@click.argument("session", type=SessionPath())
@click.option("--format", "form", type=click.Choice(_FORMATS), required=True, help="File format.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Output folder.")
@click.option("--all-channels", is_flag=True, help="EDF: include all channels, not only the legs.")
def export(session: Path, form: str, out: Path, all_channels: bool) -> None:
    """Write a session as EDF+, BIDS, CSV or XDF.

    SESSION is not changed. BIDS adds the session to a dataset; CSV writes tables.
    """
    # Imported here: readers and the compiler cost two seconds.
    from monitor.exports import export_session

    done = export_session(session, form, out, all_channels=all_channels)  # type: ignore[arg-type]
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    for path in done.files:
        click.echo(path)
