"""From markers to facts: spans in two parts, and what cannot be used told once."""

import dataclasses
import math

import pytest

from monitor.model.config import load_config
from monitor.recorder.outlets import public_line
from monitor.session.markers import MarkerReader


@pytest.fixture
def reader():
    return MarkerReader(load_config("default").labels)


def test_a_span_begins_open_and_is_corrected_at_its_end(reader):
    start = reader.read("hypopnea/start", 10.0, "S")
    assert (start.kind, start.t, start.data) == (
        "respiratory",
        10.0,
        {"label": "hypopnea", "duration_s": None},
    )
    reader.written(dataclasses.replace(start, seq=7))
    end = reader.read("Hypopnea/end", 33.4, "S")
    assert (end.t, end.supersedes) == (10.0, 7)
    assert end.data == {"label": "hypopnea", "duration_s": 23.4}
    assert reader.read("hypopnea/end", 40.0, "S").kind == "marker_rejected"


def test_an_end_belongs_to_a_start_of_the_same_stream_and_kind(reader):
    reader.written(dataclasses.replace(reader.read("arousal/start", 10.0, "A"), seq=1))
    for text, source in (("arousal/end", "B"), ("apnea/end", "A")):
        assert "without a start" in reader.read(text, 12.0, source).data["reason"]
    assert reader.read("arousal/end", 12.0, "A").supersedes == 1


def test_an_end_before_its_start_is_refused(reader):
    reader.written(dataclasses.replace(reader.read("arousal/start", 10.0, "A"), seq=1))
    assert "before its start" in reader.read("arousal/end", 9.0, "A").data["reason"]


@pytest.mark.parametrize("t_s", [math.nan, math.inf, -math.inf, 1.7e9, -1e6])
def test_a_stamp_that_is_no_time_of_this_night_is_refused_without_a_place(reader, t_s):
    fact = reader.read("N2", t_s, "S", now_s=1000.0)
    assert (fact.kind, fact.t) == ("marker_rejected", None)
    assert "stamp" in fact.data["reason"]
    # It can be written and sent.
    assert public_line(dataclasses.replace(fact, seq=0))


def test_a_marker_a_little_ahead_or_from_before_the_first_sample_is_taken(reader):
    for t_s in (-600.0, 0.0, 1000.0, 1060.0):
        assert reader.read("N2", t_s, "S", now_s=1000.0).kind == "stage"


def test_a_flood_of_nonsense_costs_one_line_each_and_then_none(reader):
    assert reader.read("Mrs Example", 1.0, "S").kind == "marker_rejected"
    assert reader.read("Mrs Example", 2.0, "S") is None
    told = [reader.read(f"nonsense {i}", 1.0, "S") for i in range(2000)]
    assert sum(fact is not None for fact in told) < 600
    assert reader.read("N2", 1.0, "S").kind == "stage"


@pytest.mark.parametrize("text", ["Mrs Example", "Mrs Example/start", "hypopnea Example"])
def test_what_was_refused_is_not_told_to_the_network(reader, text):
    fact = dataclasses.replace(reader.read(text, 1.0, "S"), seq=0)
    assert "Example" not in public_line(fact)
