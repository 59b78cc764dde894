"""The command ``stop``: end a running recording."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from monitor.cli.session_argument import SessionPath
from monitor.control import ControlClient
from monitor.errors import MonitorError
from monitor.session.folder import SessionFolder

_PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.1


@click.command()
@click.argument("session", type=SessionPath())
def stop(session: Path) -> None:
    """End a running recording.

    Returns when the tables of SESSION are written.
    """
    folder = SessionFolder.open(session)
    client = ControlClient(folder)
    client.ask({"do": "stop"})
    client.close()
    pause = threading.Event()
    waited_s = 0.0
    # The recorder removes this file last, when everything is on disk.
    while folder.control.exists():
        if waited_s >= _PATIENCE_S:
            raise MonitorError(
                f"{session}: the recorder received the stop request but did not end within {_PATIENCE_S:g} s"
            )
        pause.wait(_LOOK_EVERY_S)
        waited_s += _LOOK_EVERY_S
    click.echo(f"Recording ended. Session saved in {folder.path}")
