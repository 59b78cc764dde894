"""Which panel shows which part of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.dashboard.views import Screen

if TYPE_CHECKING:
    from monitor.dashboard.window import DashboardWindow


def show_screen(window: DashboardWindow, screen: Screen, *, is_bright: bool) -> None:
    """Let every panel of a window show a screen; called a few times a second.

    Parameters
    ----------
    window : DashboardWindow
    screen : Screen
    is_bright : bool
        Whether what blinks is bright now.
    """
    sweep = window.live.sweep
    sweep.wall = screen.wall
    sweep.set_lanes(screen.lanes)
    sweep.set_thresholds(screen.above_rest_uv)
    sweep.set_gaps(screen.night.gaps)
    sweep.update_texts()
    window.top.show_top(screen.top, screen.wall)
    window.top.chips.show_chips(screen.chips)
    window.top.alert.show_alerts(screen.alerts, frozenset(window.seen), window.sounding.text)
    window.top.alert.blink(is_bright=is_bright)
    window.index.show_view(screen.index)
    window.index.show_standing(screen.desk.standing, is_signed=screen.desk.is_signed)
    window.series.show_view(screen.series)
    window.tonight.show_rows(screen.tonight, screen.excluded)
    window.night.show_night(screen.night, screen.wall)
    window.night.show_window(window.review.window_s)
    window.imi.show_view(screen.imi)
    window.log.show_log(screen.log)
    window.pages.look(screen)
    window.keybar.footer.setText(screen.footer)
    window.review.say()
