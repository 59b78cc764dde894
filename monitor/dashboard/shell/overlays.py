"""Pages over the panels and functions of the menu: summary, calibration, signature, end, report."""

from __future__ import annotations

import importlib.util
import sys

from PySide6.QtCore import QObject, QPoint, QProcess
from PySide6.QtWidgets import QMenu

from monitor.dashboard import texts
from monitor.dashboard.pages.calibration import CalibrationPanel
from monitor.dashboard.pages.summary import SummaryPage
from monitor.dashboard.shell.actions import Act
from monitor.dashboard.shell.host import Host
from monitor.dashboard.shell.notes import Question
from monitor.dashboard.viewmodel.screen import Screen

_REFERENCES = ("adult", "child", "none")


class Pages(QObject):
    """The pages of a window and its menu.

    Parameters
    ----------
    window : Host
        The window; its parts exist already.

    Attributes
    ----------
    summary : SummaryPage
    calibration : CalibrationPanel
    menu : QMenu
    """

    def __init__(self, window: Host) -> None:
        super().__init__(window.ground)
        self._window = window
        self.calibration = CalibrationPanel(window)
        acts = window.acts
        self.summary = SummaryPage(window.ground, texts.SUMMARY_BUTTONS, window.act)
        self.menu = self._make_menu()
        self._report: QProcess | None = None
        self._go_live = acts.get("live")
        acts.add(self._actions())
        window.keybar.menu.clicked.connect(lambda: window.act("menu"))

    def _actions(self) -> dict[str, Act]:
        return {
            "live": lambda _: self._live(),
            "summary": lambda _: self._toggle_summary(),
            "calibrate": lambda how: self.calibration.cancel() if how else self.calibration.next_step(),
            "reference": lambda _: self._next_reference(),
            "menu": lambda _: self._open_menu(),
            "author": lambda _: self._window.annotator.author.ask(),
            "sign": lambda _: self._ask_signature(),
            "report": lambda _: self._write_report(),
            "finish": lambda _: self._ask_end(),
        }

    def _make_menu(self) -> QMenu:
        menu = QMenu(self._window.ground)
        menu.setAccessibleName("Menu")
        for text, action in texts.MENU:
            if not action:
                menu.addSeparator()
            else:
                menu.addAction(text).triggered.connect(
                    lambda _=False, action=action: self._window.act(action)
                )
        return menu

    def _open_menu(self) -> None:
        button = self._window.keybar.menu
        self.menu.popup(button.mapToGlobal(QPoint(0, -self.menu.sizeHint().height())))

    def update(self, screen: Screen) -> None:
        """Show the current screen; called a few times a second."""
        self.calibration.update(screen)
        self.summary.show_screen(screen)
        # The panels get their final size a moment after a change of the window.
        self.place()

    def place(self) -> None:
        """Fit the pages to the size of the window."""
        # Not over the log: questions about the page are asked there.
        window = self._window
        self.summary.place(window.top.height(), window.keybar.y(), window.window_layout.log_x)
        if self.calibration.course is not None:
            self.calibration.place()

    def stop(self) -> None:
        """End the process that writes a report."""
        if self._report is not None:
            self._report.kill()
            self._report.waitForFinished(2000)

    # -- summary ----------------------------------------------------------------------------------------

    def open_summary(self) -> None:
        """Show the summary; its numbers come with the next screen."""
        self._window.feed.presenter.permissions.wants_summary = True
        self.place()
        self.summary.frame.show()
        self.summary.frame.raise_()
        if self._window.screen_view is not None:
            self.summary.show_screen(self._window.screen_view)

    def _close_summary(self) -> None:
        self._window.feed.presenter.permissions.wants_summary = False
        self.summary.frame.hide()

    def _toggle_summary(self) -> None:
        (self._close_summary if self.summary.frame.isVisible() else self.open_summary)()

    def _live(self) -> None:
        if self.summary.frame.isVisible():
            self._close_summary()
        self._go_live("")

    def _next_reference(self) -> None:
        night, screen = self._window.night, self._window.screen_view
        now = night.curves.reference or (screen.night.audience if screen is not None else "adult")
        name = _REFERENCES[(_REFERENCES.index(now) + 1) % len(_REFERENCES)]
        night.curves.set_reference(name)
        message = texts.NO_REFERENCE_LINE if name == "none" else texts.REFERENCE_LINE.format(name=name)
        self._window.show_message(message)

    # -- signing, ending, the report --------------------------------------------------------------------

    def _ask_signature(self) -> None:
        window, permissions = self._window, self._window.annotator.permissions
        if permissions is None or not window.annotator.may_write():
            return
        if window.annotator.is_recording:
            window.show_message(texts.SIGN_AFTER_END)
            return
        seq = permissions.newest_seq

        def sign(name: str) -> None:
            window.annotator.author.name = name
            window.send({"do": "sign", "over_seq": seq})
            window.show_message(texts.SIGN_SENT.format(name=name))

        hint = texts.SIGN_QUESTION.format(n=seq + 1)
        window.notes.ask(Question(hint, window.annotator.author.name, sign))

    def _ask_end(self) -> None:
        window = self._window
        if not window.annotator.is_recording:
            window.show_message(texts.NO_RECORDING)
            return

        def end(typed: str) -> None:
            if typed.upper() != texts.END_WORD:
                window.show_message(texts.END_NOT_TYPED)
                return
            window.feed.client.send({"do": "stop"})
            window.show_message(texts.ENDING)

        window.notes.ask(Question(texts.END_QUESTION, "", end))

    def _write_report(self) -> None:
        window = self._window
        if importlib.util.find_spec("monitor.outputs.report") is None:
            window.show_message(texts.NO_REPORT_MODULE)
            return
        if self._report is not None:
            window.show_message(texts.REPORT_RUNNING)
            return
        target = window.folder.path / "report.pdf"
        self._report = QProcess(self)
        self._report.finished.connect(lambda code: self._report_written(code, str(target)))
        self._report.start(
            sys.executable, ["-m", "monitor", "report", str(window.folder.path), "--out", str(target)]
        )
        window.show_message(texts.REPORT_RUNNING)

    def _report_written(self, code: int, target: str) -> None:
        process, self._report = self._report, None
        output = bytes(process.readAllStandardError().data()).decode(errors="replace") if process else ""
        lines = output.strip().splitlines()
        failed = texts.REPORT_FAILED.format(problem=lines[-1] if lines else f"exit code {code}")
        self._window.show_message(texts.REPORT_WRITTEN.format(path=target) if code == 0 else failed)
