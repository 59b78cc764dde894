"""Points, small untidiness, numbers and times of day in lists: corrected and reported, or refused."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.files.scored_clock import read_start, read_zone
from monitor.files.scored_lists import parse_list
from monitor.files.scored_rows import ListOptions, ScoredList
from monitor.model.errors import InputError
from monitor.scoring import Span

S = 1_000_000


def table(*rows: str, head: str = "onset duration trial_type") -> str:
    return "".join(row.replace(" ", "\t", 2) + "\n" for row in (head, *rows))


def read(*rows: str, **options) -> ScoredList:
    return parse_list(table(*rows), "night.tsv", ListOptions(**options))


def stages(read_list: ScoredList) -> list[tuple[float, float, str]]:
    return [(e.start_us / S, e.end_us / S, e.stage) for e in read_list.night.epochs]


@pytest.mark.parametrize("duration", ["n/a", "0", ""])
def test_stages_without_a_duration_hold_for_their_epoch(duration: str) -> None:
    listed = read(*(f"{30 * i} {duration} N2" for i in range(5)), f"300 {duration} W")
    assert stages(listed)[:5] == [(30 * i, 30 * i + 30, "N2") for i in range(5)]
    assert stages(listed)[5] == (300, 330, "W")
    assert listed.notes == ("6 stages without a duration: they hold for 30 s",)


def test_stages_at_changes_hold_until_the_next() -> None:
    listed = read("0 n/a W", "90 n/a N1", "120 n/a N2", "600 n/a R", "900 0 lights_on")
    assert stages(listed) == [(0, 90, "W"), (90, 120, "N1"), (120, 600, "N2"), (600, 900, "R")]
    assert listed.notes == ("4 stages without a duration: they hold until the next stage",)


def test_events_without_a_duration_are_points_and_reported() -> None:
    listed = read("0 600 N2", "56 n/a arousal", "58 0 arousal", "100 0 hypopnea", "200 n/a artifact")
    assert listed.night.arousals == (Span(56 * S, 56 * S), Span(58 * S, 58 * S))
    assert listed.night.respiratory == (Span(100 * S, 100 * S, "hypopnea"),)
    assert set(listed.notes) == {
        "1 respiratory event without a length: read as a point, the end is unknown",
        "1 artifact without a length: read as a point, the end is unknown",
        "2 arousals without a length: read as a point",
    }


def test_overlaps_by_rounding_and_repeated_stages_are_corrected_with_their_number() -> None:
    listed = read("0 30 N2", "29.95 30 N2", "59.9 30 N3", "89.9 30 R", "89.9 30 R")
    assert stages(listed) == [(0, 29.95, "N2"), (29.95, 59.9, "N2"), (59.9, 89.9, "N3"), (89.9, 119.9, "R")]
    assert listed.notes == (
        "2 stages overlap the next by up to 0.1 s: shortened",
        "1 stages are stated twice: counted once",
    )


def test_two_stages_at_one_time_are_an_error_with_both_lines() -> None:
    with pytest.raises(InputError, match="line 4, column 'onset': stage 'N3' overlaps stage 'N2' of line 2"):
        read("0 30 N2", "60 30 W", "0 30 N3")


def test_results_that_this_program_exported_are_not_listed_as_unknown_words() -> None:
    own = ("0 2 PLMS, series 1", "0 90 PLM series 1: 4 movements", "9 1 LM not counted: in wake@@EMG LAT")
    listed = read("0 30 N2", "1 2 LM_left", *own, "3 1 Signal gap")
    assert listed.notes == ("not read: 3 results of an earlier scoring by this program (computed again)",)
    assert listed.ignored == {"Signal gap": 1}
    assert len(listed.night.movements) == 1


def test_what_begins_before_the_recording_is_cut() -> None:
    listed = read("-30 30 W", "-10 40 N2", "30 30 N2", "-0.5 2 LM_left", "-20 0 lights_off", "50 2 LM_left")
    assert stages(listed) == [(0, 30, "N2"), (30, 60, "N2")]
    assert [(m.onset_us, m.end_us) for m in listed.night.movements] == [(0, 1_500_000), (50 * S, 52 * S)]
    assert listed.night.lights_off_us == 0
    (note,) = listed.notes
    assert note.startswith("4 events before the start of the recording: cut there, 1 of them lie completely")


@pytest.mark.parametrize("epoch_s", [20, 60])
def test_epochs_of_another_length(epoch_s: int) -> None:
    listed = read(*(f"{epoch_s * i} {epoch_s} N2" for i in range(4)))
    assert stages(listed) == [(epoch_s * i, epoch_s * (i + 1), "N2") for i in range(4)]
    listed = read(*(f"{epoch_s * i} n/a N2" for i in range(4)))
    assert stages(listed) == [(epoch_s * i, epoch_s * (i + 1), "N2") for i in range(4)]


def test_rows_out_of_order_and_blank_lines_do_not_matter() -> None:
    rows = ["0 30 N2", "30 30 N3", "12 2 LM_left"]
    assert stages(parse_list(table(*rows) + "\n\n \t\t\n", "a")) == stages(read(*reversed(rows)))


TRIGGERS = tuple(f"{20 + 30 * i} n/a {code}" for i, code in enumerate((200, 31, 1, 2, 2, 5, 31, 1, 2, 5)))


def test_numbers_are_stages_only_where_the_list_or_the_user_says_so() -> None:
    listed = read("0 600 N2", *TRIGGERS)
    assert stages(listed) == [(0, 600, "N2")]
    assert listed.ignored == {"1": 2, "2": 3, "200": 1, "31": 2, "5": 2}
    assert "10 of its labels are numbers and are not read as stages" in listed.notes
    with pytest.raises(InputError, match="numbers are read as stages with --stages numeric"):
        read(*TRIGGERS)
    told = read(*TRIGGERS, numeric_stages=True)
    assert {stage for *_, stage in stages(told)} == {"N1", "N2", "R"}
    named = read(*TRIGGERS, labels={"2": "N2"}, declared=frozenset({"2"}))
    assert {stage for *_, stage in stages(named)} == {"N2"}


def test_numbers_for_every_epoch_in_order_are_stages() -> None:
    assert [s for *_, s in stages(read("0 30 0", "30 60 2", "90 30 4", "120 30 5"))] == ["W", "N2", "N3", "R"]
    points = [f"{30 * i} n/a {code}" for i, code in enumerate((0, 0, 1, 2, 2, 3, 4, 2, 5, 5))]
    assert [s for *_, s in stages(read(*points))] == ["W", "W", "N1", "N2", "N2", "N3", "N3", "N2", "R", "R"]
    with pytest.raises(InputError, match="none of its 9 rows has a known type"):
        read(*points[:4], *points[5:])


def test_words_for_epochs_without_a_stage_in_one_stage_per_line() -> None:
    listed = parse_list("# YASA\nWAKE\nN1\nN2\nART\nUNS\n?\nL\n", "hypno.txt")
    assert [s for *_, s in stages(listed)] == ["W", "N1", "N2", *["unscored"] * 4]


def test_a_luna_annotation_without_header_and_with_comments() -> None:
    listed = parse_list("# sleep | stages\nN1\t1\t0\t30\nN2\t2\t30\t60\nLM\t1\t40\t42.5\n", "n.annot")
    assert stages(listed) == [(0, 30, "N1"), (30, 60, "N2")]
    assert [(m.onset_us, m.end_us) for m in listed.night.movements] == [(40 * S, 42_500_000)]


def test_a_column_of_stages_contains_stages() -> None:
    listed = parse_list("onset,sleep_stage\n0,0\n30,2\n60,4\n90,-1\n", "n.csv")
    assert [s for *_, s in stages(listed)] == ["W", "N2", "R", "unscored"]
    assert "its stages are numbers without a 5: 4 is read as REM (else set the word 4 to N3)" in listed.notes


NIGHT = "time,duration,event\n{}23:59:30,30,N2\n{}00:00:00,30,N2\n{}00:00:12,2,LM left\n"


@pytest.mark.parametrize(
    ("began", "first_s"),
    [
        (None, 0),
        (datetime(2026, 11, 20, 23, 59, 0, tzinfo=UTC), 30),
        (datetime(2026, 11, 20, 23, 0, 0, tzinfo=UTC), 3570),
    ],
)
def test_times_of_day_are_placed_across_midnight(began: datetime | None, first_s: int) -> None:
    lines = NIGHT.format("", "", "").splitlines(keepends=True)
    for text in ("".join(lines), "".join([lines[0], *reversed(lines[1:])])):
        listed = parse_list(text, "n.csv", ListOptions(began=began))
        assert stages(listed) == [(first_s, first_s + 30, "N2"), (first_s + 30, first_s + 60, "N2")]
        assert listed.night.movements[0].onset_us == (first_s + 42) * S
        assert bool(listed.notes) == (began is None)


@pytest.mark.parametrize("began", [datetime(2026, 11, 20, 23, 59, 45, tzinfo=UTC)])
def test_a_time_of_day_just_before_the_recording_is_before_it(began: datetime) -> None:
    listed = parse_list(NIGHT.format("", "", ""), "n.csv", ListOptions(began=began))
    assert stages(listed) == [(0, 15, "N2"), (15, 45, "N2")]


BERLIN = ZoneInfo("Europe/Berlin")


def _epochs_from(first: datetime, n: int, *, dated: bool) -> str:
    """Return epochs of one minute in the wall time of Berlin, as a program writes them."""
    rows = "time;duration;event\n"
    for i in range(n):
        at = datetime.fromtimestamp(first.timestamp() + 60 * i, BERLIN)
        rows += f"{at:%Y-%m-%d %H:%M:%S};60;N2\n" if dated else f"{at:%H:%M:%S};60;N2\n"
    return rows


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("day", [datetime(2026, 10, 25, tzinfo=BERLIN), datetime(2026, 3, 29, tzinfo=BERLIN)])
def test_a_change_of_summer_time_is_bridged_with_the_zone(day: datetime, dated: bool) -> None:
    text = _epochs_from(day.replace(hour=1), 240, dated=dated)
    began = day.replace(hour=1, tzinfo=UTC)
    listed = parse_list(text, "n.csv", ListOptions(began=began, zone=BERLIN))
    assert [e.start_us for e in listed.night.epochs] == [60 * i * S for i in range(240)]
    assert listed.notes == ()


def test_a_doubtful_hour_is_reported() -> None:
    began = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    text = "time;duration;event\n2026-10-25 01:10:00;60;N2\n2026-10-25 02:30:00;3;arousal\n"
    (note,) = parse_list(text, "n.csv", ListOptions(began=began, zone=BERLIN)).notes
    assert "1 of its times from 02:30 to 02:30 exist twice in this night" in note
    (note,) = parse_list(text, "n.csv", ListOptions(began=began)).notes
    assert "the clocks change in this night in some zones (Europe/Berlin: between 02:00 and 03:00)" in note
    assert "give the time zone" in note
    other = text.replace("10-25", "11-20")
    assert parse_list(other, "n.csv", ListOptions(began=began.replace(month=11, day=20))).notes == ()


def test_start_and_zone_of_the_command_line() -> None:
    began = datetime(2026, 11, 20, 22, 15, 30, tzinfo=UTC)
    for text in ("2026-11-20 22:15:30", "2026-11-20T22:15:30", "20.11.2026 22:15:30"):
        assert read_start(text) == began
    for text in ("soon", "22:15:30", "2026-13-20 22:15:30"):
        with pytest.raises(InputError, match="is not a date and time"):
            read_start(text)
    with pytest.raises(InputError, match="expected a name such as Europe/Berlin"):
        read_zone("Berlin")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("onset,duration,event\n1,2,LM left\n1,2\n", "n.csv, line 3: 2 cells, the header has 3"),
        (
            "onset,duration,event\n1,2,LM left,\n3,x,N2\n",
            "n.csv, line 3, column 'duration': 'x' is not a number",
        ),
        ("Start;End;Event\n5;3;N2\n", "n.csv, line 2, column 'End': '3' is before the onset '5'"),
        ("W\nN1\nN2\nlater\n", "n.csv, line 4: 'later' is not a stage; expected one per line"),
        ("Signal ID: x\nRate: fast\n22:00:00; N2\n", "line 3, property 'Rate': 'fast' is not a length"),
        (
            "Signal ID: x\nRate: 30 s\nx N2\n",
            "line 3: 'x N2' is not a row; expected a time, ';' and an event",
        ),
        ("epoch,stage\na,W\n", "line 2, column 'epoch': 'a' is not a number of an epoch; expected 1, 2, 3"),
        (
            "<annotationlist><annotation><onset>x</onset></annotation></annotationlist>",
            "element 'onset': 'x'",
        ),
        ("time,event,duration\n25.11.2026 22:00:00,N2,30\n22:00:30,N2,30\n", "'22:00:30' has no date"),
        ("time,event,duration\n22:00:00,N2,30\n22:61:00,N2,30\n", "line 3, column 'time': '22:61:00' is not"),
        ("hello\nworld\n", "n.csv, line 1: is not a scored list in a known form (found 'hello')"),
    ],
)
def test_every_message_names_file_line_what_was_found_and_what_was_expected(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_list(text, "n.csv")
    assert words in str(caught.value)
    assert str(caught.value).startswith("n.csv")
    assert "expected" in str(caught.value)


def test_an_end_that_is_no_date_is_refused_with_its_text() -> None:
    text = "Start Time,End Time,Event\n20.11.2026 22:00:00,0.11.2026 22:00:30,N2\n"
    with pytest.raises(InputError, match=r"'0\.11\.2026 22:00:30' is not a date and time"):
        parse_list(text, "n.csv")
    with pytest.raises(InputError, match="'9999-12-31 23:59:59' is not a date and time"):
        parse_list("time;event\n9999-12-31 23:59:59;N2\n", "n.csv", ListOptions(zone=BERLIN))


def test_a_damaged_line_of_brackets_is_no_header_and_costs_no_time() -> None:
    began_s = time.process_time()
    with pytest.raises(InputError, match="is not a scored list in a known form"):
        parse_list("(" * 20_000 + "\n" + "[ " * 20_000, "n.csv")
    # It took 15 s when names of any length were searched for a unit.
    assert time.process_time() - began_s < 5
