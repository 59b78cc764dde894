"""The command ``review``: open the window on a session, with ``--edit`` also to correct it, or on a file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.list_options import list_options
from monitor.cli.review_file import review_file
from monitor.cli.scoring_options import scoring_options
from monitor.cli.session import SessionPath
from monitor.cli.window_process import WindowEnding
from monitor.dashboard.shell.display import why_no_window
from monitor.model.errors import InputError, MissingError
from monitor.model.wording import argument
from monitor.session.control import ControlClient
from monitor.session.folder import SessionFolder

if TYPE_CHECKING:
    from monitor.recorder.editor import Editor

_LOOK_S = 2.0


@click.command()
@click.argument("session", type=SessionPath(), metavar="SESSION|FILE")
@click.option("--edit", is_flag=True, help="Allow corrections: reject, mark, stage, note and sign.")
@scoring_options
@list_options
def review(session: Path, *, edit: bool, events: Path | None, **given: Any) -> None:
    """Open the window on a session or a recorded file.

    SESSION may be running, finished or interrupted. A finished session is read-only without --edit. With
    --edit your corrections are appended to its journal and its tables are rewritten; recorded data is never
    changed.

    FILE is EDF, EDF+, BDF or XDF. It is scored as by `score`, and shown read-only: nothing is written. All
    options but --edit are for a FILE.
    """
    if session.is_file():
        if edit:
            raise InputError(
                "--edit",
                f"{session.name} is a file without a session, which is read-only",
                f"open it without --edit, or record a session: plms-monitor replay {argument(session)}, and "
                "in another terminal plms-monitor watch (`streams` lists what is sent)",
            )
        sys.exit(review_file(session, events, given))
    _refuse_scoring_options()
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


def _refuse_scoring_options() -> None:
    """Refuse the options of a FILE for a session, which has its own configuration."""
    context = click.get_current_context()
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source is click.core.ParameterSource.COMMANDLINE and option.name not in ("session", "edit"):
            raise InputError(
                option.opts[0], "is for a recorded FILE", "a session has its own configuration and stages"
            )


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
    ending = WindowEnding()
    window = subprocess.Popen([sys.executable, "-m", "monitor.dashboard", str(folder.path)])
    ending.watch(window)
    while True:
        try:
            code = window.wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            if editor is not None:
                editor.write_tables()
        else:
            return 0 if ending.is_asked else code
