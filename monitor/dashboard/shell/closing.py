"""The end of a session: signature, end of the recording, report."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess

from monitor.dashboard import texts
from monitor.dashboard.shell.actions import Act
from monitor.dashboard.shell.annotation import Annotator
from monitor.dashboard.shell.notes import NoteTaker, Question
from monitor.dashboard.viewmodel.commands import Sign, StopRecording
from monitor.dashboard.viewmodel.screen import Screen


class Closing(QObject):
    """Sign a session, end its recording, write its report.

    Parameters
    ----------
    folder : Path
        The session folder.
    annotator : Annotator
    notes : NoteTaker
    send : callable
        Called with a request that has no author.
    say : callable
        Called with a message for the user.
    """

    def __init__(
        self,
        folder: Path,
        annotator: Annotator,
        notes: NoteTaker,
        send: Callable[[dict[str, Any]], None],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(notes)
        self._folder, self._annotator, self._notes = folder, annotator, notes
        self._send, self._say = send, say
        self._report: QProcess | None = None

    def actions(self) -> dict[str, Act]:
        """Return the actions by name."""
        return {
            "sign": lambda _: self._ask_signature(),
            "finish": lambda _: self._ask_end(),
            "report": lambda _: self._write_report(),
        }

    def stop(self) -> None:
        """End the process that writes a report."""
        if self._report is not None:
            self._report.kill()
            self._report.waitForFinished(2000)

    def _ask_signature(self) -> None:
        annotator = self._annotator
        permissions = annotator.permissions
        if permissions is None or not annotator.may_write():
            return
        if annotator.is_recording:
            self._say(texts.SIGN_AFTER_END)
            return
        seq, screen = permissions.newest_seq, annotator.screen
        if screen is None:
            return

        def sign(name: str) -> None:
            annotator.author.name = name
            annotator.send(Sign(seq))
            self._say(texts.SIGN_SENT.format(name=name))

        # The name is typed each time: one Enter must not sign.
        self._notes.ask(Question(signed_text(screen), "", sign))

    def _ask_end(self) -> None:
        if not self._annotator.is_recording:
            self._say(texts.NO_RECORDING)
            return

        def end(typed: str) -> None:
            if typed.upper() != texts.END_WORD:
                self._say(texts.END_NOT_TYPED)
                return
            self._send(StopRecording().request())
            self._say(texts.ENDING)

        self._notes.ask(Question(texts.END_QUESTION, "", end))

    def _write_report(self) -> None:
        if importlib.util.find_spec("monitor.outputs.report") is None:
            self._say(texts.NO_REPORT_MODULE)
            return
        if self._report is not None:
            self._say(texts.REPORT_RUNNING)
            return
        target = self._folder / "report.pdf"
        self._report = QProcess(self)
        self._report.finished.connect(lambda code: self._report_written(code, str(target)))
        self._report.start(
            sys.executable, ["-m", "monitor", "report", str(self._folder), "--out", str(target)]
        )
        self._say(texts.REPORT_RUNNING)

    def _report_written(self, code: int, target: str) -> None:
        process, self._report = self._report, None
        output = bytes(process.readAllStandardError().data()).decode(errors="replace") if process else ""
        lines = output.strip().splitlines()
        failed = texts.REPORT_FAILED.format(problem=lines[-1] if lines else f"exit code {code}")
        self._say(texts.REPORT_WRITTEN.format(path=target) if code == 0 else failed)


def signed_text(screen: Screen) -> str:
    """Return the question for a signature: what is signed."""
    index, wall = screen.index, screen.wall
    return texts.SIGN_QUESTION.format(
        n=screen.permissions.newest_seq + 1,
        start=wall.text(0.0),
        end=wall.text(screen.top.recorded_s),
        index=f"{index.title}: {index.value} {index.unit}".replace("\n", " "),
        base=", ".join(f"{line.name}: {line.count}" for line in index.rules[:1]),
    )
