"""Review of a recording without a session: scored here, shown by the window, and written nowhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.list_options import list_arguments
from monitor.cli.scoring_options import lists_of, scoring_config
from monitor.cli.window_process import WindowEnding
from monitor.dashboard.shell.display import why_no_window
from monitor.model.errors import InputError, MissingError

if TYPE_CHECKING:
    from monitor.model.config import Config
    from monitor.score_recording import Job, OpenedRecording


def review_file(file: Path, events: Path | None, given: dict[str, Any]) -> int:
    """Open the window on a recording, and score it meanwhile.

    Parameters
    ----------
    file : Path
    events : Path or None
        Used instead of the annotations.
    given : dict
        The options of `scoring_options` and `list_options`.

    Returns
    -------
    int
        Exit code of the window.

    Raises
    ------
    InputError
        If the file is not a recording, or its legs cannot be identified; after the window was closed, if it
        could not be scored.
    MissingError
        If no window can be opened.
    """
    from monitor.files.list_arguments import options_of
    from monitor.score_recording import Job, OpenedRecording

    config = scoring_config(given)
    reading = list_arguments(given)
    options_of(reading, config)
    # Nothing is written: the target of a `Job` is not used.
    job = Job(file, file.parent, lists_of([file], events)[0], reading)
    opened = OpenedRecording.of(job, config, _say)
    why = why_no_window()
    if why:
        raise MissingError(why)
    code, problem = _scored_in_window(opened, job, config)
    if problem:
        raise InputError(str(file), problem.removeprefix(f"{file}: "))
    return code


def _scored_in_window(opened: OpenedRecording, job: Job, config: Config) -> tuple[int, str]:
    """Score a recording for its window; return the exit code of the window, and why it was not scored."""
    from monitor.review_recording import send_scoring
    from monitor.session.scoring_pipe import ReaderGoneError, ScoringSender

    command = [sys.executable, "-m", "monitor.dashboard", "--file", str(job.file.absolute())]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as window:
        ending = WindowEnding()
        ending.watch(window)
        problem = ""
        if window.stdin is not None:
            try:
                problem = send_scoring(opened, job, config, ScoringSender(window.stdin), _say)
                _say(problem or f"{job.file}: scored; shown read-only, nothing is written")
            except ReaderGoneError:
                problem = ""
        code = window.wait()
    return (0 if ending.is_asked else code), problem


def _say(line: str) -> None:
    click.echo(line, err=True)
