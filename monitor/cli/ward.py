"""The command ``ward``: all recorded beds on the network, one tile each."""

from __future__ import annotations

import json
import signal
import sys
import threading
from typing import TYPE_CHECKING

import click

from monitor.dashboard.display import why_no_window
from monitor.session.clock import utc_now

if TYPE_CHECKING:
    from monitor.ward.network import Ward

_LINE_EVERY_S = 1.0
_TABLE_EVERY_S = 10.0
_CLEAR = "\x1b[H\x1b[2J"


@click.command()
@click.option("--headless", is_flag=True, help="No window; print a table in the terminal.")
@click.option(
    "--json", "as_json", is_flag=True, help="No window; print one JSON line per second with all beds."
)
@click.option(
    "--duration",
    "duration_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Seconds to listen (without a window); unlimited by default.",
)
def ward(headless: bool, as_json: bool, duration_s: float | None) -> None:
    """Show all beds that are recorded on the network.

    For each bed: index, series, stage, signal state, highest alert. The ward only receives; it cannot change
    or stop a recording. Five seconds without data from a bed raise an alert. The complete state of a bed that
    was already recording is shown within 30 s.
    """
    from monitor.ward.network import Ward

    if not headless and not as_json:
        why = why_no_window()
        if not why:
            from monitor.ward.window import run_window

            with Ward() as listening:
                sys.exit(run_window(listening))
        click.echo(f"{why} Showing a table in this terminal.", err=True)
    ending = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: ending.set())
    with Ward() as listening:
        _print_until(ending, listening, as_json, duration_s)


def _print_until(ending: threading.Event, listening: Ward, as_json: bool, duration_s: float | None) -> None:
    from monitor.ward.table import table

    is_live = sys.stdout.isatty() and not as_json
    every_s = _LINE_EVERY_S if as_json or is_live else _TABLE_EVERY_S
    passed_s = 0.0
    while not ending.wait(every_s if duration_s is None else min(every_s, duration_s - passed_s)):
        passed_s += every_s
        tiles = listening.tiles()
        if as_json:
            text = json.dumps({"utc": utc_now().isoformat(), "beds": [tile.as_dict() for tile in tiles]})
        else:
            text = (_CLEAR if is_live else "") + table(tiles) + ("" if is_live else "\n")
        try:
            click.echo(text)
        except OSError:
            # The reader closed the pipe.
            return
        if duration_s is not None and passed_s >= duration_s:
            return
