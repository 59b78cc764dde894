"""The command ``report``: the end-of-night report."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli.session_argument import SessionPath


@click.command()
@click.argument("session", type=SessionPath())
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="F.pdf|F.html", help="The file."
)
def report(session: Path, out: Path) -> None:
    """Write the report of SESSION, finished or running, as PDF or HTML."""
    # Loaded here: a page layout and a plotting library take a second.
    from monitor.report import write_report

    write_report(session, out)
    click.echo(f"Written: {out}")
