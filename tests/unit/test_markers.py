"""The grammar of marker streams."""

import pytest

from monitor.model.config import load_config
from monitor.session.markers import parse_marker

LABELS = load_config("default").labels


def read(text):
    marker = parse_marker(text, LABELS)
    return marker if isinstance(marker, str) else (marker.kind, dict(marker.data), marker.edge)


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("N2", "N2"), ("n2", "N2"), (" N2 ", "N2"), ("W", "W"), ("Wake", "W"), ("REM", "R"),
        ("Stage 2", "N2"),
        ("S2", "N2"), ("2", "N2"), ("0", "W"), ("5", "R"),
        ("unscored", "unscored"), ("Sleep stage N3", "N3"), ("?", "unscored"),
    ],
)  # fmt: skip
def test_a_stage_is_that_thirty_second_epoch(text, stage):
    assert read(text) == ("stage", {"stage": stage, "duration_s": 30.0}, "")


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("hypopnea 23.4", ("respiratory", {"label": "hypopnea", "duration_s": 23.4}, "")),
        ("HYPOPNOEA 23.4 s", ("respiratory", {"label": "hypopnea", "duration_s": 23.4}, "")),
        ("hypopnea/start", ("respiratory", {"label": "hypopnea", "duration_s": None}, "start")),
        ("Hypopnea/END", ("respiratory", {"label": "hypopnea", "duration_s": None}, "end")),
        ("Obstructive Apnea 12", ("respiratory", {"label": "obstructive_apnea", "duration_s": 12.0}, "")),
        ("arousal 5.2", ("arousal", {"duration_s": 5.2}, "")),
        ("artifact 12", ("artifact", {"duration_s": 12.0}, "")),
        ("lights_off", ("lights", {"state": "off"}, "")),
        ("Lights On", ("lights", {"state": "on"}, "")),
        ("position supine", ("position", {"position": "supine"}, "")),
        ("segment CPAP started", ("segment", {"label": "CPAP started"}, "")),
    ],
)
def test_events(text, marker):
    assert read(text) == marker


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"), ("   ", "empty"), ("gibberish", "unknown marker"), ("hypopnea", "duration"),
        ("hypopnea ten", "duration"), ("hypopnea -3", "duration"), ("hypopnea 0", "expected over 0"),
        ("hypopnea 1e9", "duration"), ("arousal 4000", "3600"), ("N2/start", "cannot start or end"),
        ("hypopnea/middle", "unknown marker"), ("position", "needs a value"), ("9", "unknown marker"),
        ("/start", "cannot start or end"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_says_why(text, reason):
    answer = read(text)
    assert isinstance(answer, str)
    assert reason in answer


def test_no_text_brings_it_down():
    for text in ("\x00", "N2\x00", "💤" * 4000, "/" * 100, "hypopnea " + "9" * 400):
        assert isinstance(read(text), str)
    assert len(read("position " + "x" * 5000)[1]["position"]) <= 80
