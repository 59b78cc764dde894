"""The command ``review``: open the window on a session; with ``--edit`` also correct it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from monitor.cli.session import SessionPath
from monitor.dashboard.shell.display import why_no_window
from monitor.model.errors import InputError, MissingError
from monitor.session.control import ControlClient
from monitor.session.folder import SessionFolder

if TYPE_CHECKING:
    from monitor.recorder.editor import Editor

_LOOK_S = 2.0


@click.command()
@click.argument("session", type=SessionPath())
@click.option("--edit", is_flag=True, help="Allow corrections: reject, mark, stage, note and sign.")
def review(session: Path, *, edit: bool) -> None:
    """Open the window on a session.

    SESSION may be running, finished or interrupted. A finished session is read-only without --edit. With
    --edit your corrections are appended to its journal and its tables are rewritten; recorded data is never
    changed.
    """
    folder = SessionFolder.open(session)
    why = why_no_window()
    if why:
        raise MissingError(why)
    with ExitStack() as stack:
        editor = None
        if edit and not _is_recorded(folder):
            editor = stack.enter_context(_editing(folder))
        code = _show(folder, editor)
    if editor is not None and editor.trouble:
        raise InputError(str(folder.path), editor.trouble)
    sys.exit(code)


def _is_recorded(folder: SessionFolder) -> bool:
    """Return whether a recorder (not another editor) answers: it then receives the entries."""
    try:
        client = ControlClient(folder)
        try:
            return not client.ask({"do": "status"}).get("is_editor")
        finally:
            client.close()
    except InputError:
        return False


@contextmanager
def _editing(folder: SessionFolder) -> Iterator[Editor]:
    from monitor.recorder.editor import Editor

    editor = Editor(folder)
    try:
        yield editor
    finally:
        editor.close()


def _show(folder: SessionFolder, editor: Editor | None) -> int:
    """Show the window until it closes; write the tables shortly after each edit."""
    is_asked = threading.Event()
    windows: list[subprocess.Popen[bytes]] = []

    def end(_number: int, _frame: FrameType | None) -> None:
        is_asked.set()
        for window in windows:
            window.terminate()

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    # An interrupt ends the window; this process reports its exit code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    windows.append(subprocess.Popen([sys.executable, "-m", "monitor.dashboard", str(folder.path)]))
    if is_asked.is_set():
        windows[0].terminate()
    while True:
        try:
            code = windows[0].wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            if editor is not None:
                editor.write_tables()
        else:
            return 0 if is_asked.is_set() else code
