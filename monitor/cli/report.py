"""The command ``report``: write the report of a session."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli.session_argument import SessionPath


@click.command()
@click.argument("session", type=SessionPath())
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="F.pdf|F.html", help="Output file."
)
def report(session: Path, out: Path) -> None:
    """Write the report of a session as PDF or HTML.

    SESSION may be finished or running.
    """
    # Imported here: page layout and plotting libraries cost a second.
    from monitor.report import write_report

    write_report(session, out)
    click.echo(f"Written: {out}")
