"""The report says how sure its numbers are: with the same values as the summary, live and afterwards."""

import html
import re

import numpy as np
import pytest
from support.night_families import bouts_in_a_row

from monitor.model.clock import utc_now
from monitor.model.config import load_config
from monitor.model.facts import Fact
from monitor.outputs.report import uncertainty
from monitor.outputs.report.blocks import Report, Section
from monitor.outputs.report.content import report_of
from monitor.outputs.report.counts import time_parts
from monitor.outputs.report.writing import to_html
from monitor.session.journal import Journal
from monitor.session.reader import read_session
from monitor.session.tables import write_tables
from monitor.session.wall_time import WallTime

OFF = dict.fromkeys(("index_error", "missed", "forecast", "rem_activity"), False)


def record(folder, hours, *, is_ended, settings=None, further_uv=()):
    """Write a session whose left leg misses every other movement from 2 h on; an hour of R at its end."""
    folder.mkdir()
    config = load_config(overrides={"uncertainty": settings or {}})
    about = {"version": "0", "bed": "b", "legs": ["left", "right"], "main_profile": "aasm3", "measure": "m"}
    about |= {"config": dict(config.document), "config_sha256": config.sha256}
    about |= {"further_onset_uv": list(further_uv)} if further_uv else {}
    facts = [Fact("session", 0.0, "recorder", about)]
    for leg in ("left", "right"):
        data = {"leg": leg, "state": "ok", "causes": [], "rest_uv": 1.0, "lsb_uv": 0.1}
        facts.append(Fact("quality", 0.0, "detector", data))
    for i in range(round(hours * 120)):
        data = {"stage": "R" if i >= (hours - 1) * 120 else "N2", "start": 30.0 * i, "duration_s": 30.0}
        facts.append(Fact("stage", 30.0 * i, "Stager", data))
    at_s, _ = bouts_in_a_row(np.random.default_rng(2), 700, 18, 24.0, 0.12)
    at_s = at_s[at_s < hours * 3600 - 60]
    for leg in ("left", "right"):
        for i, onset in enumerate(at_s.tolist()):
            if leg == "left" and onset >= 7200 and i % 2:
                continue
            data = {"leg": leg, "id": f"{leg[0].upper()}{i}", "onset": onset, "end": onset + 2}
            data |= {"phase": "closed", "known": onset + 2.5, "resting_uv": 1.0, "peak_uv": 50.0}
            facts.append(Fact("movement", onset, "detector", data | {"morphology": True}))
            for k, onset_uv in enumerate(further_uv):
                if i % (k + 1) == 0:  # at the highest threshold every second movement
                    other = {"leg": leg, "onset_uv": onset_uv, "onset": onset, "end": onset + 2}
                    other |= {"known": onset + 2.5, "morphology": True}
                    facts.append(Fact("further_movement", onset + 2, "detector", other))
    clock = {"utc": "2026-11-20T22:15:00.000+00:00", "zone": "+0000", "lsl": 5000.0, "origin": 5000.0}
    clock |= {"boot_id": "b", "recorded_s": hours * 3600}
    facts.append(Fact("clock", 0.0, "recorder", clock))
    if is_ended:
        facts.append(Fact("stop", hours * 3600, "recorder", {"reason": "end"}))
    journal = Journal(folder / "journal.jsonl")
    journal.append(facts)
    journal.close()
    return read_session(folder)


def text_of(session):
    page = to_html(report_of(session, utc_now()))
    return html.unescape(" ".join(re.sub("<[^>]*>", " ", page).split()))


def section_text(session):
    """Return the texts of this section without drawing the figures of a whole report."""
    wall = WallTime.of(session.state.facts("stream"), session.state.facts("clock"))
    blocks = [*uncertainty.first_page(session.summary), *uncertainty.blocks(session, wall)]
    blocks += uncertainty.rem_activity(session.summary)
    page = to_html(Report("", "", "", False, "", (Section("", tuple(blocks)),)))
    return html.unescape(" ".join(re.sub("<[^>]*>", " ", page).split()))


def test_a_finished_night(tmp_path):
    session = record(tmp_path / "s", 6.0, is_ended=True)
    text, found = text_of(session), session.summary["uncertainty"]
    error = found["index_error"]["rules"]["aasm3"]
    low, high = error["interval"]
    assert error["index"] == session.main.indices.plms_index
    assert f"Statistical error of this index: {low:.1f} to {high:.1f} (95 % interval" in text
    assert f"PLMS per hour of sleep, with its interval {error['index']:.1f} ({low:.1f} to {high:.1f})" in text
    assert "Note: Left leg: probably about " in text
    assert found["missed"]["legs"]["left"]["check_since"] >= 7200
    assert found["missed"]["legs"]["right"]["check_since"] is None
    assert "No forecast of the final index: the recording has ended." in text
    assert "Leg muscle activity in REM sleep" in text
    assert "No limit is given here and nothing is diagnosed" in text
    written = write_tables(tmp_path / "s", session.state, session.rules)
    assert written["uncertainty"] == found


def test_the_index_at_other_thresholds(tmp_path):
    session = record(tmp_path / "s", 1.5, is_ended=True, further_uv=(6.4, 9.6))
    text, found = section_text(session), session.summary["uncertainty"]["amplitude_band"]["rules"]["aasm3"]
    low, own, high = (each["per_h"] for each in found["thresholds"])
    assert low == own == session.main.indices.plms_index > 1.5 * high
    assert f"Other onset thresholds (20 % lower and higher): {high:.1f} to {own:.1f}" in text
    assert f"PLMS per hour of sleep, onset threshold 9.6 µV {high:.1f}" in text
    assert "the reference value lies between them no (15 per hour)" in text
    assert "No index at other onset thresholds" not in text


def test_a_running_night_has_a_forecast(tmp_path):
    session = record(tmp_path / "s", 4.0, is_ended=False)
    text = section_text(session)
    rules = session.summary["uncertainty"]["forecast"]["rules"]["aasm3"]
    low, high = rules["interval"]
    assert f"at the end, 80 % interval {low:.1f} to {high:.1f}" in text
    assert "it decides nothing" in text
    assert "tonight's end, planned after 8 h" in text


@pytest.mark.parametrize("is_ended", [True, False])
def test_what_is_switched_off_is_not_shown(tmp_path, is_ended):
    session = record(tmp_path / "s", 1.5, is_ended=is_ended, settings=OFF)
    text = section_text(session)
    assert "Statistical error of this index" not in text
    assert "share of REM sleep" not in text
    for name in ("statistical error", "estimate of missed movements", "forecast of the final index"):
        assert f"No {name}: switched off in the configuration" in text


def test_in_the_first_ten_minutes_no_part_states_a_rate(tmp_path):
    session = record(tmp_path / "s", 0.15, is_ended=True, further_uv=(6.4, 9.6))
    text = section_text(session)
    assert "PLMS per hour of sleep, with its interval too early for a rate" in text
    assert "onset threshold 9.6 µV too early for a rate" in text
    wall = WallTime.of(session.state.facts("stream"), session.state.facts("clock"))
    (row,) = time_parts(session.summary, "by_hour", "hour", wall).rows
    assert int(row[2]) > 0
    assert row[3] == row[5] == "too early for a rate"
