"""The last screen of a recording if a newer one cannot be made: nothing on it is shown as good."""

from __future__ import annotations

from dataclasses import replace

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.screen import Screen
from monitor.model import wording
from monitor.session.current_alerts import Alert


def outdated(screen: Screen, age_s: float, reason: str) -> Screen:
    """Return what is shown instead of a screen that has become old; one of an ended recording stays.

    Parameters
    ----------
    screen : Screen
        The last one.
    age_s : float
        How long ago it was made (s).
    reason : str
        Why there is no newer one.
    """
    if screen.top.phase != "recording":
        return screen
    alert = Alert("high", texts.OUTDATED.format(age_s=age_s, reason=reason), "outdated")
    word = texts.OUTDATED_CHIP.format(age_s=age_s)
    return replace(
        screen,
        top=replace(screen.top, stale_s=age_s),
        index=replace(
            screen.index, value=wording.NONE, remark=word, trend="", band="", thresholds="", letter_text=""
        ),
        chips=tuple(replace(chip, word=word, health="warn", received="") for chip in screen.chips),
        alerts=(alert, *screen.alerts),
    )
