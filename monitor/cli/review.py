"""The command ``review``: look at a session, running, finished or cut off; with ``--edit`` also judge it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import click

from monitor.cli.session_argument import SessionPath
from monitor.control import ControlClient
from monitor.dashboard.display import why_no_window
from monitor.errors import InputError, MissingError
from monitor.recorder.editor import Editor
from monitor.session.folder import SessionFolder

_LOOK_S = 2.0


@click.command()
@click.argument("session", type=SessionPath())
@click.option("--edit", is_flag=True, help="Reject, mark, stage, note and sign: each an entry of its own.")
def review(session: Path, *, edit: bool) -> None:
    """Open the dashboard on a session: running, finished or cut off.

    A finished session is only read, unless --edit is given; then what you judge is appended to its journal
    and its tables are written anew. Nothing that was recorded is changed.
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
    """Whether a recorder answers (and not another editor): then what is entered goes to it."""
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
    editor = Editor(folder)
    try:
        yield editor
    finally:
        editor.close()


def _show(folder: SessionFolder, editor: Editor | None) -> int:
    """Show the window until its end; what was edited is in the tables a moment later."""
    is_asked = threading.Event()
    windows: list[subprocess.Popen[bytes]] = []

    def end(_number: int, _frame: FrameType | None) -> None:
        is_asked.set()
        for window in windows:
            window.terminate()

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    # An interrupt is for the window; this process reports how it ended.
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
