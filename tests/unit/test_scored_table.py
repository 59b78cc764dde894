"""The scored list: what it means, and what it says about a bad row."""

from __future__ import annotations

import pytest

from monitor.files.scored_lists import parse_list
from monitor.files.scored_rows import ListOptions
from monitor.model.errors import InputError
from monitor.model.labels import DEFAULT_LABELS
from monitor.model.rules import WASM2016
from monitor.scoring import Epoch, LegSpan, Movement, Span, score

S = 1_000_000


def table(*rows: str) -> str:
    return "onset\tduration\ttrial_type\n" + "".join(row.replace(" ", "\t", 2) + "\n" for row in rows)


def refused(*rows: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_list(table(*rows), "night.tsv")
    return str(caught.value)


def test_every_type_finds_its_place() -> None:
    night, ignored, _ = parse_list(
        table(
            "100.5 2 LM_left", "101 2 LM_right", "200 1.5 leg_movement", "20 30 W", "50 30 N2", "80 30 R",
            "110 30 unscored", "60 12 hypopnea", "70 10 Obstructive Apnoea", "75 0 rera", "61 3 arousal",
            "90 5 artifact", "0 0 lights_off", "230 n/a lights_on", "10 n/a position", "240 10 segment",
        ),
        "night.tsv",
    )  # fmt: skip
    assert ignored == {}
    assert set(night.movements) == {
        Movement(100_500_000, 102_500_000, "left", key="line 2"),
        Movement(101 * S, 103 * S, "right", key="line 3"),
        Movement(200 * S, 201_500_000, "unknown", key="line 4"),
    }
    assert night.epochs == tuple(
        Epoch(a * S, (a + 30) * S, stage)
        for a, stage in ((20, "W"), (50, "N2"), (80, "R"), (110, "unscored"))
    )
    assert night.respiratory == (
        Span(60 * S, 72 * S, "hypopnea"),
        Span(70 * S, 80 * S, "obstructive_apnea"),
        Span(75 * S, 75 * S, "rera"),
    )
    assert night.arousals == (Span(61 * S, 64 * S),)
    assert night.artifacts == (
        LegSpan(90 * S, 95 * S, frozenset({"left", "right", "unknown"}), is_lost_time=False),
    )
    assert (night.lights_off_us, night.lights_on_us, night.end_us) == (0, 230 * S, 250 * S)
    assert (night.legs, dict(night.unusable)) == (("left", "right"), {})


def test_a_list_in_words_that_nobody_knows_is_no_night_without_movements() -> None:
    said = refused("10 2 LeftLegPhasic", "20 3 RightLegPhasic")
    assert "night.tsv: none of its 2 rows has a known type (found: 'LeftLegPhasic'" in said
    # One known word is enough: the others are ignored, and listed.
    _, ignored, _ = parse_list(table("10 2 LeftLegPhasic", "0 30 N2"), "night.tsv")
    assert ignored == {"LeftLegPhasic": 1}
    assert parse_list(table(), "night.tsv")[1] == {}


@pytest.mark.parametrize(
    ("word", "stage"),
    [
        ("Wake", "W"), ("0", "W"), ("S1", "N1"), ("stage 2", "N2"), ("Sleep stage N3", "N3"), ("4", "N3"),
        ("REM", "R"), ("5", "R"), ("n2", "N2"), ("?", "unscored"), ("Sleep stage ?", "unscored"),
        ("MT", "unscored"),
    ],
)  # fmt: skip
def test_stage_words(word: str, stage: str) -> None:
    night, *_ = parse_list(table(f"0 30 {word}"), "night.tsv")
    assert [e.stage for e in night.epochs] == [stage]


def test_labels_are_a_parameter() -> None:
    labels = {**DEFAULT_LABELS, "schlaf_2": "N2"}
    night, ignored, _ = parse_list(table("0 30 Schlaf 2"), "night.tsv", ListOptions(labels))
    assert [e.stage for e in night.epochs] == ["N2"]
    assert ignored == {}


def test_unknown_types_are_ignored_counted_and_reach_the_end() -> None:
    night, ignored, _ = parse_list(table("5 1 snore", "9 n/a Snore", "40 20 snore", "1 2 LM_left"), "n.tsv")
    assert ignored == {"Snore": 1, "snore": 2}
    assert night.end_us == 60 * S
    assert len(night.movements) == 1


def test_times_are_rounded_to_microseconds_once_for_onset_and_end() -> None:
    rows = ("1081.0370000000003 0.15399999999954161 LM_left", "1e2 5.000000499e-1 LM_right", ".5 1. LM_right")
    night, *_ = parse_list(table(*rows), "n.tsv")
    assert {(m.onset_us, m.end_us) for m in night.movements} == {
        (1_081_037_000, 1_081_191_000), (100_000_000, 100_500_000), (500_000, 1_500_000),
    }  # fmt: skip


def test_further_columns_order_windows_lines_and_a_byte_order_mark_do_not_matter() -> None:
    text = "\ufefftrial_type\tnote\tonset\tduration\r\nLM_left\tx\t1\t2\r\n\r\n"
    night, *_ = parse_list(text, "n.tsv")
    assert [(m.onset_us, m.end_us) for m in night.movements] == [(S, 3 * S)]


def test_an_empty_list_is_a_night_of_no_length() -> None:
    night, ignored, _ = parse_list(table(), "n.tsv")
    assert (night.movements, night.end_us, ignored) == ((), 0, {})


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("x 2 LM_left", ["line 2", "column 'onset'", "'x' is not a number"]),
        ("nan 2 LM_left", ["column 'onset'", "'nan' is not a number"]),
        ("inf 2 LM_left", ["column 'onset'", "not a number"]),
        ("1_0 2 LM_left", ["not a number"]),
        ("-1801 2 LM_left", ["column 'onset'", "'-1801' is 1801 s before the recording"]),
        ("1 -2 LM_left", ["column 'duration'", "'-2' is negative"]),
        ("1 n/a LM_left", ["column 'duration'", "'n/a' is not a duration", "a leg movement needs one"]),
        ("1 x arousal", ["column 'duration'", "'x' is not a number"]),
        ("1e9 2 LM_left", ["column 'onset'", "too large"]),
        ("-1801 2 snore", ["'-1801' is 1801 s before the recording"]),
        ("1 2 ", ["column 'trial_type'", "is empty"]),
    ],
)
def test_a_bad_row_names_file_line_column_and_value(row: str, words: list[str]) -> None:
    message = refused(row)
    assert message.startswith("night.tsv, line 2")
    for word in words:
        assert word in message


def test_overlapping_stages_name_both_lines() -> None:
    message = refused("0 30 N2", "60 30 N3", "29.89 30 W")
    assert "night.tsv, line 4, column 'onset'" in message
    assert "'W' overlaps stage 'N2' of line 2" in message
    parse_list(table("0 30 N2", "30 30 N2"), "night.tsv")


def test_lights_are_one_each_and_in_order() -> None:
    assert "a second lights_off" in refused("0 0 lights_off", "9 0 lights_off")
    assert "lights_on is not after lights_off" in refused("9 0 lights_off", "9 0 lights_on")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "night.tsv: is empty; expected columns such as onset"),
        ("hello", "line 1: is not a scored list in a known form \\(found 'hello'\\)"),
        ("onset\tduration\n1\t2\n", "'trial_type' is missing"),
        ("duration,trial_type\n", "line 1: column 'onset' is missing in 'duration', 'trial_type'"),
        ("onset\tonset\tduration\ttrial_type\n", "'onset' occurs more than once"),
        ("onset\tduration\ttrial_type\n1\t2\n", "2 cells, the header has 3"),
    ],
)
def test_a_bad_header_or_shape(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_list(text, "night.tsv")


def test_a_boundary_met_in_decimals_is_met_in_the_program() -> None:
    # As binary floats these intervals are 9.999999999999986 s and more, and the durations a little off.
    onsets = ("100.1", "110.1", "120.1", "130.1")
    night, *_ = parse_list(table(*(f"{t} 0.5 LM_left" for t in onsets), "0 200 N2"), "n.tsv")
    assert score(night, WASM2016).indices.n_plms == 4
    short = [f"{t} 0.4999999 LM_left" for t in onsets]
    assert score(parse_list(table(*short), "n.tsv")[0], WASM2016).indices.n_plm == 4
    short = [f"{t} 0.499999 LM_left" for t in onsets]
    assert score(parse_list(table(*short), "n.tsv")[0], WASM2016).indices.n_lm == 0
