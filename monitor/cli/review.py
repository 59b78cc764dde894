"""The command ``review``: look at a session, running, finished or cut off."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import click

from monitor.dashboard.display import why_no_window
from monitor.errors import MissingError
from monitor.session.folder import SessionFolder


@click.command()
@click.argument("session", type=click.Path(path_type=Path))
def review(session: Path) -> None:
    """Open the dashboard on a session: running, finished or cut off."""
    folder = SessionFolder.open(session)
    why = why_no_window()
    if why:
        raise MissingError(why)
    # An interrupt is for the window; this process reports how it ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    done = subprocess.run([sys.executable, "-m", "monitor.dashboard", str(folder.path)], check=False)
    sys.exit(done.returncode)
