"""Pages over the panels: summary, trends, calibration, menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu, QWidget

from monitor.dashboard import texts
from monitor.dashboard.pages.calibration import CalibrationPanel
from monitor.dashboard.pages.sit import SitPanel
from monitor.dashboard.pages.summary import SummaryPage
from monitor.dashboard.pages.trends import TrendsPage
from monitor.dashboard.shell.actions import Act
from monitor.dashboard.shell.layout import WindowLayout
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.commands import ShowSummary, ShowTrends, ViewCommand
from monitor.dashboard.viewmodel.screen import Screen


class Pages(QObject):
    """The pages of a window and its menu.

    Parameters
    ----------
    ground : QWidget
        Their parent.
    layout : WindowLayout
        Where they have room.
    calibration : CalibrationPanel
    sit : SitPanel
    act : callable
        Called with the action of a button.
    send : callable
        Called with a command for the presenter.
    now_s : callable
        Returns the end of the recording so far (s).
    theme : Theme

    Attributes
    ----------
    screen : Screen or None
        The newest screen; set by the window.
    summary : SummaryPage
    trends : TrendsPage
    calibration : CalibrationPanel
    sit : SitPanel
    menu : QMenu
    """

    def __init__(
        self,
        ground: QWidget,
        layout: WindowLayout,
        calibration: CalibrationPanel,
        sit: SitPanel,
        act: Callable[[str], None],
        send: Callable[[ViewCommand], None],
        now_s: Callable[[], float],
        theme: Theme,
    ) -> None:
        super().__init__(ground)
        self._layout, self._act, self._send, self._now_s = layout, act, send, now_s
        self.screen: Screen | None = None
        self.calibration, self.sit = calibration, sit
        self.summary = SummaryPage(ground, texts.SUMMARY_BUTTONS, act)
        self.trends = TrendsPage(ground, theme)
        self.menu = QMenu(ground)
        self._fill_menu()

    def actions(self) -> dict[str, Act]:
        """Return the actions by name."""
        return {
            "summary": lambda _: self._toggle_summary(),
            "trends": lambda _: self._show_trends(is_on=not self.trends.frame.isVisible()),
            "calibrate": lambda how: self.calibration.cancel(self._now_s()) if how else self._next_step(),
        }

    def _fill_menu(self) -> None:
        self.menu.setAccessibleName("Menu")
        for text, action in texts.MENU:
            if not action:
                self.menu.addSeparator()
            else:
                self.menu.addAction(text).triggered.connect(lambda _=False, action=action: self._act(action))

    def open_menu(self, button: QWidget) -> None:
        """Open the menu above its button."""
        self.menu.popup(button.mapToGlobal(QPoint(0, -self.menu.sizeHint().height())))

    def update(self) -> None:
        """Show the current screen; called a few times a second."""
        screen = self.screen
        if screen is None:
            return
        self.calibration.update(screen, self._now_s())
        self.sit.update(screen, self._now_s(), is_covered=self.calibration.course is not None)
        self.summary.show_screen(screen)
        self.trends.show_screen(screen)
        # The panels get their final size a moment after a change of the window.
        self.place()

    def place(self) -> None:
        """Fit the pages to the size of the window."""
        self.summary.place(self._layout.page_area)
        self.trends.place(self._layout.page_area)
        if self.calibration.course is not None:
            self.calibration.place(self._layout.overview_area)
        self.sit.place(self._layout.overview_area)

    def _next_step(self) -> None:
        self.calibration.next_step(self.screen, self._now_s())
        self.place()

    def open_summary(self) -> None:
        """Show the summary; its numbers come with the next screen."""
        self._show_trends(is_on=False)
        self._send(ShowSummary(True))
        self.place()
        self.summary.frame.show()
        self.summary.frame.raise_()
        if self.screen is not None:
            self.summary.show_screen(self.screen)

    def _show_trends(self, *, is_on: bool) -> None:
        """Show the trends in place of the summary, or hide them; they come with the next screen."""
        if is_on:
            self.close()
        self._send(ShowTrends(is_on))
        self.place()
        if is_on:
            self.trends.show()
        else:
            self.trends.frame.hide()

    def close(self) -> None:
        """Hide the page that is shown: summary or trends."""
        if self.summary.frame.isVisible():
            self.close_summary()
        if self.trends.frame.isVisible():
            self._show_trends(is_on=False)

    def close_summary(self) -> None:
        """Hide the summary."""
        self._send(ShowSummary(False))
        self.summary.frame.hide()

    def _toggle_summary(self) -> None:
        (self.close_summary if self.summary.frame.isVisible() else self.open_summary)()
