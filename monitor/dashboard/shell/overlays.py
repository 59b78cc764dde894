"""What lies over the panels or is in the menu: summary, calibration, signing, ending, the report."""

from __future__ import annotations

import importlib.util
import sys

from PySide6.QtCore import QObject, QPoint, QProcess
from PySide6.QtWidgets import QMenu

from monitor.dashboard.pages.calibration import CalibrationPanel
from monitor.dashboard.pages.summary import SummaryPage
from monitor.dashboard.shell.actions import Act
from monitor.dashboard.shell.host import Host
from monitor.dashboard.shell.notes import Question
from monitor.dashboard.viewmodel.screen import Screen

_REFERENCES = ("adult", "child", "none")
_MENU = (
    ("Summary of the night\tS", "summary"),
    ("Bio-calibration\tB", "calibrate"),
    ("Treatment started…\tT", "segment"),
    ("Reference line\tC", "reference"),
    ("Your name…", "author"),
    ("Sign this night…", "sign"),
    ("Write the report (PDF)", "report"),
    ("", ""),
    ("End the recording…", "finish"),
)
_BUTTONS = {"Sign…": "sign", "Report (PDF)": "report", "End the recording…": "finish", "Close  S": "summary"}
_TO_END = "END"


class Pages(QObject):
    """The pages of a window and its menu.

    Parameters
    ----------
    window : Host
        Whose parts are there already.

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
        self.summary = SummaryPage(window.ground, _BUTTONS, window.act)
        self.menu = self._make_menu()
        self._report: QProcess | None = None
        self._go_live = acts.get("live")
        acts.add(self._actions())
        window.keybar.menu.clicked.connect(lambda: window.act("menu"))

    def _actions(self) -> dict[str, Act]:
        return {
            "live": lambda _: self._live(),
            "summary": lambda _: self._toggle_summary(),
            "calibrate": lambda how: self.calibration.give_up() if how else self.calibration.go_on(),
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
        for text, action in _MENU:
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

    def look(self, screen: Screen) -> None:
        """Follow the night; called a few times a second."""
        self.calibration.look(screen)
        self.summary.show_screen(screen)
        # The panels settle a moment after the window has changed.
        self.place()

    def place(self) -> None:
        """Fit to another size of the window."""
        # Not over the log: what is asked of whoever reads the page is asked there.
        window = self._window
        self.summary.place(window.top.height(), window.keybar.y(), window.window_layout.log_x)
        if self.calibration.course is not None:
            self.calibration.place()

    def stop(self) -> None:
        """End what runs beside the window."""
        if self._report is not None:
            self._report.kill()
            self._report.waitForFinished(2000)

    # -- summary ----------------------------------------------------------------------------------------

    def open_summary(self) -> None:
        """Show the summary; its numbers come with the next picture."""
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
        self._window.show_message(
            f"reference line: {name}" + ("" if name == "none" else ", a reference value only")
        )

    # -- signing, ending, the report --------------------------------------------------------------------

    def _ask_signature(self) -> None:
        window, permissions = self._window, self._window.annotator.permissions
        if permissions is None or not window.annotator.may_write():
            return
        if window.annotator.is_recording:
            window.show_message("a night is signed once it has been ended")
            return
        seq = permissions.newest_seq

        def sign(name: str) -> None:
            window.annotator.author.name = name
            window.send({"do": "sign", "over_seq": seq})
            window.show_message(f"signature of {name}: sent")

        hint = f"Sign all {seq + 1} entries, your name:"
        window.notes.ask(Question(hint, window.annotator.author.name, sign))

    def _ask_end(self) -> None:
        window = self._window
        if not window.annotator.is_recording:
            window.show_message("nothing is being recorded")
            return

        def end(typed: str) -> None:
            if typed.upper() != _TO_END:
                window.show_message(f"the recording goes on: {_TO_END} was not typed")
                return
            window.feed.client.send({"do": "stop"})
            window.show_message("the recording is being ended")

        hint = f"Type {_TO_END} to end this recording"
        window.notes.ask(Question(hint, "", end))

    def _write_report(self) -> None:
        window = self._window
        if importlib.util.find_spec("monitor.outputs.report") is None:
            window.show_message("this installation has no report")
            return
        if self._report is not None:
            window.show_message("the report is being written")
            return
        target = window.folder.path / "report.pdf"
        self._report = QProcess(self)
        self._report.finished.connect(lambda code: self._report_written(code, str(target)))
        self._report.start(
            sys.executable, ["-m", "monitor", "report", str(window.folder.path), "--out", str(target)]
        )
        window.show_message("the report is being written")

    def _report_written(self, code: int, target: str) -> None:
        process, self._report = self._report, None
        said = bytes(process.readAllStandardError().data()).decode(errors="replace") if process else ""
        lines = said.strip().splitlines()
        self._window.show_message(
            f"report: {target}" if code == 0 else f"no report: {lines[-1] if lines else code}"
        )
