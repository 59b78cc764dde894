"""The command ``ward``: all recorded beds on the network, one tile each.

The ward in a terminal: one line per bed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.parameters import Number
from monitor.dashboard.shell.display import load_qt, use_display_that_answers, why_no_window
from monitor.dashboard.viewmodel.sound import SoundState
from monitor.model.clock import utc_now
from monitor.model.errors import InputError
from monitor.model.shutdown import SignalEvent, on_shutdown_signals
from monitor.session.current_alerts import Alert
from monitor.session.folder import default_sessions_dir
from monitor.ward import texts
from monitor.ward.alerts import own_alerts
from monitor.ward.tile import Tile, with_names

if TYPE_CHECKING:
    from monitor.ward.network import Ward

_LINE_EVERY_S = 1.0
_TABLE_EVERY_S = 10.0
_CLEAR = "\x1b[H\x1b[2J"


@click.command()
@click.option(
    "--sessions",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder with the sessions of this computer: alerts acknowledged in the window are written to their "
    "journals.  [default: the user's data folder]",
)
@click.option(
    "--unseen",
    "unseen_min",
    type=Number(min=0.1),
    default=5.0,
    show_default=True,
    metavar="MIN",
    help="Minutes after which an alert that nobody acknowledged sounds with a higher priority.",
)
@click.option("--headless", is_flag=True, help="No window; print a table in the terminal.")
@click.option(
    "--json", "as_json", is_flag=True, help="No window; print one JSON line per second with all beds."
)
@click.option(
    "--duration",
    "duration_s",
    type=Number(min=0, min_open=True),
    metavar="S",
    help="Seconds to listen (without a window); unlimited by default.",
)
def ward(
    sessions: Path | None, unseen_min: float, headless: bool, as_json: bool, duration_s: float | None
) -> None:
    """Show all beds that are recorded on the network.

    For each bed: index, series, stage, signal state, highest alert. Alerts sound in the window until they are
    acknowledged there or at the bed. The ward cannot change or stop a recording. Five seconds without data
    from a bed raise an alert. The complete state of a bed that was already recording is shown within 30 s.
    """
    from monitor.ward.network import Ward

    if not headless and not as_json:
        why = why_no_window()
        if not why and duration_s is not None:
            raise InputError(
                "--duration", f"{duration_s:g} with a window", "add --headless or --json, or close the window"
            )
        if not why:
            use_display_that_answers()
            load_qt()
            from monitor.ward.window import run_window

            with Ward() as listening:
                sys.exit(run_window(listening, sessions or _sessions(), 60.0 * unseen_min))
        click.echo(f"{why} Showing a table in this terminal.", err=True)
    ending = SignalEvent()
    on_shutdown_signals(lambda _: ending.set())
    with Ward() as listening:
        _print_until(ending, listening, as_json, duration_s)


def _sessions() -> Path | None:
    try:
        return default_sessions_dir()
    except InputError:
        return None


def _print_until(ending: SignalEvent, listening: Ward, as_json: bool, duration_s: float | None) -> None:

    is_live = sys.stdout.isatty() and not as_json
    every_s = _LINE_EVERY_S if as_json or is_live else _TABLE_EVERY_S
    passed_s = 0.0
    while not ending.wait(every_s if duration_s is None else min(every_s, duration_s - passed_s)):
        passed_s += every_s
        tiles = listening.tiles()
        own = own_alerts(tiles, listening.problem, SoundState())
        if as_json:
            text = as_line(tiles, own)
        else:
            text = (_CLEAR if is_live else "") + table(tiles, own) + ("" if is_live else "\n")
        try:
            click.echo(text)
        except OSError:
            # The reader closed the pipe.
            return
        if duration_s is not None and passed_s >= duration_s:
            return


_MARKS = {"high": "!!! ", "medium": "!! ", "low": "! "}
_COLUMNS = (("bed", 14), ("state", 10), ("recorded", 9), ("index", 46), ("stage", 9), ("series", 30))


def as_line(tiles: Sequence[Tile], own: Sequence[Alert] = ()) -> str:
    """Return the beds, and the alerts of the ward's own receiving, as one line of JSON."""
    alerts = [{"priority": alert.priority, "text": alert.text} for alert in own]
    beds = [tile.as_dict() for tile in tiles]
    return json.dumps({"utc": utc_now().isoformat(), "alerts": alerts, "beds": beds})


def table(tiles: Sequence[Tile], own: Sequence[Alert] = ()) -> str:
    """Return the beds as a table, the highest alert first, below the alerts of the ward itself."""
    first = [_MARKS[alert.priority] + alert.text for alert in own]
    if not tiles:
        return "\n".join(first or [texts.NO_BEDS])
    head = [name.ljust(width) for name, width in _COLUMNS]
    lines = [*first, " ".join([*head, "alert"])]
    for tile in with_names(tiles):
        value, name, _ = tile.number
        cells = (
            tile.name,
            texts.PHASES.get(tile.phase, tile.phase),
            tile.recorded,
            f"{value} {name}",
            tile.stage,
            tile.series,
        )
        row = [_cut(cell, width) for cell, (_, width) in zip(cells, _COLUMNS, strict=True)]
        alert = _MARKS[tile.alert.priority] + tile.alert.text if tile.alert else tile.without_alert
        lines.append(" ".join([*row, alert]).rstrip())
    return "\n".join(lines)


def _cut(text: str, width: int) -> str:
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)
