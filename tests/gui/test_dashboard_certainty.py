"""How sure the numbers are, on the screen: interval, tonight's end, a leg that may miss movements."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from support.night_families import bouts_in_a_row
from support.screens import recorder
from support.sessions import (
    append,
    clock_fact,
    make_session,
    movement,
    quality,
    session_fact,
    stage,
    stream_fact,
)
from support.windows import LATE_MS, Opener, Recorder

from monitor.dashboard.style import set_text_scale
from monitor.dashboard.viewmodel.certainty import EVERY_S, interval
from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.dashboard.viewmodel.screen import Screen
from monitor.model.config import load_config
from monitor.model.facts import Fact
from monitor.session.reader import read_session

HOURS = 4
END_S = HOURS * 3600.0


def facts_of(hours: float = HOURS, *, fails: bool = True, **switches: bool) -> list[Fact]:
    """A night in N2 whose left leg misses every other movement from 2 h on."""
    config = load_config(overrides={"uncertainty": switches})
    about = {"config": dict(config.document), "config_sha256": config.sha256}
    facts = [
        session_fact(**about),
        clock_fact(0.0),
        stream_fact(),
        *(quality(0.0, leg) for leg in ("left", "right")),
    ]
    facts += [stage(30.0 * i, "N2") for i in range(round(hours * 120))]
    at_s, _ = bouts_in_a_row(np.random.default_rng(2), 700, 18, 24.0, 0.12)
    for i, t in enumerate(at_s[at_s < hours * 3600 - 60].tolist()):
        facts += [movement(f"R{i}", t)]
        facts += [movement(f"L{i}", t)] if not (fails and t >= 7200 and i % 2) else []
    return facts


class Seen:
    """A presenter with a clock of its own."""

    def __init__(self, path: Path, facts: list[Fact]) -> None:
        self.folder = make_session(path, facts)
        self.clock_s = 0.0
        self.presenter = Presenter(self.folder, lambda: self.clock_s)

    def screen(self, recorded_s: float, after_s: float = 1.0) -> Screen:
        self.clock_s += after_s
        found = self.presenter.poll(recorder(recorded_s))
        assert found is not None
        return found


def rows(screen: Screen) -> dict[str, str]:
    return {row.name: row.value for row in screen.tonight}


def test_the_screen_shows_what_the_summary_says(tmp_path: Path) -> None:
    facts = [*facts_of(), clock_fact(END_S)]
    seen = Seen(tmp_path / "s", facts)
    screen = seen.screen(END_S)
    known = read_session(seen.folder.path).summary["uncertainty"]
    low, high = known["index_error"]["rules"]["aasm3"]["interval"]
    assert screen.index.band == f"{math.floor(low)}–{math.ceil(high)}"
    assert float(low) < float(screen.index.value) < float(high)
    low, high = known["forecast"]["rules"]["aasm3"]["interval"]
    assert rows(screen)["End (planning only)"] == f"{math.floor(low)}–{math.ceil(high)}"
    assert [alert.text for alert in screen.alerts if alert.key.startswith("missed")] == [
        "Check left electrode: may miss 40% since 01:15"
    ]
    assert {alert.priority for alert in screen.alerts} == {"low"}


def test_a_clean_night_raises_no_alert_and_an_early_one_shows_no_end(tmp_path: Path) -> None:
    clean = Seen(tmp_path / "clean", facts_of(fails=False)).screen(END_S)
    assert clean.alerts == ()
    early = Seen(tmp_path / "early", facts_of(0.9)).screen(0.9 * 3600)
    assert "End (planning only)" not in rows(early)
    first = Seen(tmp_path / "first", facts_of(0.1)).screen(360.0)
    assert (first.index.is_too_early, first.index.band) == (True, "")


@pytest.mark.parametrize("switch", ["index_error", "forecast", "missed"])
def test_each_can_be_switched_off(tmp_path: Path, switch: str) -> None:
    screen = Seen(tmp_path / "s", facts_of(**{switch: False})).screen(END_S)
    shown = {
        "index_error": bool(screen.index.band),
        "forecast": "End (planning only)" in rows(screen),
        "missed": bool(screen.alerts),
    }
    assert shown == {name: name != switch for name in shown}


def test_computed_at_most_once_a_minute_while_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor.dashboard.viewmodel import certainty

    calls = []
    real = certainty.missed
    monkeypatch.setattr(certainty, "missed", lambda *given: calls.append(1) or real(*given))
    seen = Seen(tmp_path / "s", facts_of(2.0))
    for i in range(60):
        append(seen.folder, [movement(f"L9{i}", 7200.0 + 20 * i)])
        seen.screen(7230.0 + 20 * i, after_s=3.0)
    # 180 s of the clock, a new score at each of 60 polls.
    assert len(calls) == 1 + int(59 * 3.0 // EVERY_S)


def test_the_first_stage_changes_the_index_and_its_interval_at_once(tmp_path: Path) -> None:
    plain = [fact for fact in facts_of(fails=False) if fact.kind != "stage"]
    seen = Seen(tmp_path / "s", plain)
    before = seen.screen(END_S)
    append(seen.folder, [stage(0.0, "N2", 7200.0)])
    after = seen.screen(END_S)
    assert (before.index.title, after.index.title) == ("PLM, no stages yet", "PLMS index")
    assert before.index.band
    assert before.index.band != after.index.band


def test_an_acknowledged_leg_stays_acknowledged(tmp_path: Path) -> None:
    acknowledged = Fact("acknowledged", END_S - 10, "person", {"alerts": {"missed-left": "low"}})
    screen = Seen(tmp_path / "s", [*facts_of(), acknowledged]).screen(END_S)
    assert [(alert.key, alert.is_seen) for alert in screen.alerts] == [("missed-left", True)]


def test_a_finished_session_has_the_interval_and_neither_end_nor_alert(tmp_path: Path) -> None:
    stop = Fact("stop", END_S, "recorder", {"reason": "test"})
    screen = Seen(tmp_path / "s", [*facts_of(), stop]).screen(END_S)
    assert screen.index.band
    assert "End (planning only)" not in rows(screen)
    assert screen.alerts == ()


def test_the_interval_stands_in_brackets_below_the_index(
    open_window: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = make_session(tmp_path / "running", facts_of())
    made = Recorder(folder)
    try:
        window = open_window(folder)
        panel = window.panels.index
        qtbot.waitUntil(panel.band.isVisible, timeout=LATE_MS)
        assert window.screen_view is not None
        assert panel.band.text() == f"({window.screen_view.index.band})"
        assert panel.band_about.text().startswith("95 % interval")
        # Less than half as high as the index; 44 px at 1080 lines are 7.6 minutes of arc at 4 m on 24 inches.
        assert panel.band.font().pixelSize() == panel.at.font().pixelSize() == 44
        assert panel.value.font().pixelSize() > 2 * panel.band.font().pixelSize()
        assert panel.band.width() >= panel.band.sizeHint().width()
        assert "95 % interval" in panel.frame.accessibleDescription()
        screen = replace(window.screen_view.index, band="")
        panel.show_view(screen)
        assert not panel.band.isVisible()
    finally:
        made.close()


@pytest.mark.parametrize(("size", "scale"), [((1920, 1080), 1.0), ((1366, 768), 1.0), ((1280, 720), 1.3)])
@pytest.mark.parametrize("text", ["98–102", "102–138"])
def test_the_widest_interval_is_whole(
    open_window: Opener, tmp_path: Path, qtbot: QtBot, size: tuple[int, int], scale: float, text: str
) -> None:
    folder = make_session(tmp_path / "running", facts_of())
    made = Recorder(folder)
    try:
        window = open_window(folder)
        set_text_scale(scale)
        window.resize(*size)
        window.set_theme(window.theme)
        window.stop()
        assert window.screen_view is not None
        panel = window.panels.index
        panel.show_view(replace(window.screen_view.index, band=text, thresholds=text))

        def is_whole(part: QLabel) -> bool:
            inside = part.parentWidget().rect()
            return part.width() >= part.sizeHint().width() and part.geometry().right() <= inside.right()

        qtbot.waitUntil(lambda: all(map(is_whole, (panel.band, panel.at))), timeout=LATE_MS)
        assert panel.band.font().pixelSize() == panel.at.font().pixelSize()
    finally:
        made.close()


def further(onset_uv: float, onsets_s: list[float]) -> list[Fact]:
    """What the detector finds at a further threshold: movements of 2 s."""
    same = {"leg": "left", "onset_uv": onset_uv, "morphology": True}
    return [
        Fact("further_movement", t, "detector", same | {"onset": t, "end": t + 2.0, "known": t + 2.6})
        for t in onsets_s
    ]


def of_strong_movements(times_s: list[float]) -> list[Fact]:
    """Movements that are found at all three thresholds, without stages."""
    facts = [fact for fact in facts_of(0.0) if fact.kind != "movement"]
    facts[0] = replace(facts[0], data=facts[0].data | {"further_onset_uv": [6.4, 9.6]})
    facts += [movement(f"L{i}", t) for i, t in enumerate(times_s)]
    return [*facts, *further(6.4, times_s), *further(9.6, times_s)]


def test_the_index_is_never_outside_its_range_over_thresholds(tmp_path: Path) -> None:
    facts = of_strong_movements([60.0 + 30.0 * i for i in range(40)])
    seen = Seen(tmp_path / "s", facts)
    lows = []
    # With a new computation of the range each minute, and without one.
    for recorded_s, after_s in [*((s, 2.0) for s in range(1320, 2400, 60)), (2460, EVERY_S), (2520, EVERY_S)]:
        screen = seen.screen(float(recorded_s), after_s=after_s)
        low, high = map(float, screen.index.thresholds.split("–"))
        assert low <= float(screen.index.value) <= high
        lows.append(low)
    assert lows[-1] < lows[0]


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (20.6, 25.2, "20–26"),
        (9.6, 13.1, "9–14"),
        (1.24, 9.94, "1.2–9.9"),
        (9.64, 9.97, "9–10"),
        (0, 0, "0.0–0.0"),
    ],
)
def test_an_interval_contains_what_it_is_about_as_shown(low: float, high: float, shown: str) -> None:
    assert interval(low, high) == shown


def test_the_index_at_other_thresholds_is_that_of_the_summary(tmp_path: Path) -> None:
    times_s = [60.0 + 30.0 * i for i in range(100)]
    facts = [fact for fact in facts_of(1.0) if fact.kind != "movement"]
    facts[0] = replace(facts[0], data=facts[0].data | {"further_onset_uv": [6.4, 9.6]})
    facts += [movement(f"L{i}", t) for i, t in enumerate(times_s[:60])]
    facts += [*further(6.4, times_s), *further(9.6, times_s[:20]), clock_fact(3600.0)]
    seen = Seen(tmp_path / "s", facts)
    screen = seen.screen(3600.0)
    band = read_session(seen.folder.path).summary["uncertainty"]["amplitude_band"]["rules"]["aasm3"]
    assert (band["low"], band["high"]) == (20.0, 100.0)
    assert (screen.index.value, screen.index.thresholds) == ("60.0", "20–100")
    without = Seen(tmp_path / "w", facts_of(1.0)).screen(3600.0)
    assert without.index.thresholds == ""
