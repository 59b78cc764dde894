"""The report: every number is that of `summary.json`, provisional until signed, no diagnosis, private."""

import datetime as dt
import io
import json
from html.parser import HTMLParser

import matplotlib.image
import pypdfium2
import pytest
from click.testing import CliRunner
from support.sessions import append, beginning, make_session, movement, note, quality, series, stage
from support.windows import bursts

from monitor.cli import cli
from monitor.model import wording
from monitor.model.config import load_config
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.outputs.report import content, numbers, write_report
from monitor.outputs.report.blocks import Table, Text
from monitor.outputs.report.sample_trace import typical
from monitor.session.reader import read_session
from monitor.session.recovery import recover
from monitor.session.signature import signature

END_S = 2 * 3600.0
MADE = dt.datetime(2026, 11, 21, 6, 0, tzinfo=dt.UTC)


def night_facts():
    head = beginning()
    config = load_config()
    head[0] = Fact("session", 0.0, "recorder", {**head[0].data, "config": dict(config.document)})
    stages = [stage(30.0 * i, "W" if i < 20 else "N2" if i < 180 else "R") for i in range(240)]
    moved = [
        *series(900.0, 12, 25.0),
        *series(3000.0, 8, 40.0),
        *series(5600.0, 5, 30.0),
        movement("R1", 700.0),
    ]
    context = [
        Fact("respiratory", 930.0, "Stager", {"label": "hypopnea", "duration_s": 20.0}),
        Fact("arousal", 3001.0, "Stager", {"duration_s": 5.0}),
        Fact("lights", 300.0, "person", {"state": "off"}),
        Fact("position", 310.0, "Stager", {"position": "supine"}),
        Fact("position", 4000.0, "Stager", {"position": "left"}),
        Fact(
            "gap",
            6500.0,
            "detector",
            {"legs": ["right"], "end": 6800.0, "cause": "stream lost", "resets": True},
        ),
        quality(6900.0, "left", "warn", ["mains"]),
        note(1234.0, "Cable <b>moved</b> & fixed, müde, 冷"),
    ]
    return [*head, *stages, *moved, *context]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    facts = [*night_facts(), Fact("stop", END_S, "recorder", {"reason": "end"})]
    made = make_session(tmp_path_factory.mktemp("night") / "2026-11-20T221500Z_bed-3", facts)
    recover(made)
    return made


@pytest.fixture(scope="module")
def report(folder):
    return content.report_of(read_session(folder.path), MADE)


class Cells(HTMLParser):
    """Collects what stands in the cells, row by row, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.text, self._in_cell = [], [], False

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data):
        self.text.append(data)
        if self._in_cell:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def html(folder):
    path = folder.path.parent / "report.html"
    write_report(folder.path, path)
    cells = Cells()
    cells.feed(path.read_text())
    return cells


def rows_named(html, name):
    return [row[1:] for row in html.rows if len(row) == 3 and row[0] == name]


def test_every_count_and_rate_is_that_of_the_summary_on_disk(folder, html):
    rules = json.loads((folder.path / "summary.json").read_text())["rules"]
    both = [rules["aasm3"], rules["wasm2016"]]
    assert both[0]["n_plms"] > 10
    shown = 0
    for key, words in numbers.COUNTS:
        expected = [numbers.value(r, key) for r in both]
        (row, *again) = rows_named(html, words)
        assert [row] * len(again) == again
        for cell, number in zip(row, expected, strict=True):
            assert cell == str(number) if number is not None else cell.startswith(numbers.NONE)
            shown += number is not None
    for key, words in numbers.RATES:
        for cell, r in zip(rows_named(html, words)[-1], both, strict=True):
            number = numbers.value(r, key)
            if key in r["detail"]["too_early"]:
                assert cell == "too early for a rate"
            elif number is None:
                assert cell.startswith(numbers.NONE)
            else:
                assert float(cell) == pytest.approx(number, abs=0.05001)
                shown += 1
    for key, words, _ in numbers.SHAPES:
        for cell, r in zip(rows_named(html, words)[0], both, strict=True):
            number = numbers.value(r, key)
            assert (
                cell.startswith(numbers.NONE)
                if number is None
                else float(cell) == pytest.approx(number, abs=6e-3)
            )
    assert shown > 30


def test_legs_and_what_was_not_counted_are_those_of_the_summary(folder, report):
    rules = json.loads((folder.path / "summary.json").read_text())["rules"]
    tables = {b.head[0]: b for s in report.sections for b in s.blocks if isinstance(b, Table) and b.head}
    for name, cells in ((row[0], row[1:]) for row in tables["By leg"].rows):
        what, leg = name.split(": ")
        key = {"PLM": "plm_by_leg", "PLMS": "plms_by_leg"}[what]
        assert list(cells) == [str(one["detail"][key][leg]) for one in rules.values()]
    excluded = tables["Leg movements not counted, by reason"].rows
    codes = sorted({why for one in rules.values() for why in one["detail"]["excluded"]})
    # In the words of the screen, not in the codes of the summary.
    assert [row[0] for row in excluded] == [wording.EXCLUDED[why] for why in codes]
    for why, (_, *cells) in zip(codes, excluded, strict=True):
        assert cells == [str(one["detail"]["excluded"].get(why, 0)) for one in rules.values()]
    for name, key in (("hour of the time in bed", "by_hour"), ("third of the time in bed", "by_third")):
        parts = [one["detail"][key] for one in rules.values()]
        assert len(tables[name].rows) == len(parts[0])
        for row, *same in zip(tables[name].rows, *parts, strict=True):
            assert float(row[1]) == pytest.approx(same[0]["tst_h"], abs=0.0051)
            for n, rate, part in zip(row[2::2], row[3::2], same, strict=True):
                assert int(n) == part["n_plms"]
                assert part["plms_index"] is None or float(rate) == pytest.approx(
                    part["plms_index"], abs=0.051
                )


def test_parts_of_a_split_night_and_edits_are_those_of_the_summary(tmp_path):
    said = [
        Fact("segment", 3600.0, "person", {"label": "CPAP on"}),
        Fact("reject", 900.0, "person", {"movements": ["L900-0"], "reason": "cable"}),
        Fact("stop", END_S, "recorder", {"reason": "end"}),
    ]
    folder = make_session(tmp_path / "2026-11-20T221500Z_bed-8", [*night_facts(), *said])
    recover(folder)
    summary = json.loads((folder.path / "summary.json").read_text())
    sections = {s.title: s.blocks for s in content.report_of(read_session(folder.path), MADE).sections}
    split, picture = sections["Split night"]
    assert "CPAP on" in picture.svg
    for part in summary["segments"]:
        assert f">{part['rules']['aasm3']['plms_index']:.1f}<" in picture.svg
    assert len(split.rows) == len(summary["segments"]) == 2
    for row, part in zip(split.rows, summary["segments"], strict=True):
        each = list(part["rules"].values())
        assert float(row[1]) == pytest.approx(each[0]["tst_h"], abs=0.0051)
        assert [int(n) for n in row[2::2]] == [one["n_plms"] for one in each]
        for rate, one in zip(row[3::2], each, strict=True):
            assert float(rate) == pytest.approx(one["plms_index"], abs=0.051)
    table = sections["Manual edits"][1]
    automatic = summary["manual"]["automatic"]
    shown = {row[0]: row[1:] for row in table.rows}
    for rule, counts in automatic.items():
        was, now = shown[f"leg movements (LM) {numbers.RULE_NAMES[rule]}"]
        assert (int(was), int(now)) == (counts["n_lm"], summary["rules"][rule]["n_lm"])
    usable, whole_h = sections["Signal"][0], summary["recording_h"]
    for leg, hours, share in usable.rows:
        assert float(hours) == pytest.approx(summary["usable_h"][leg], abs=0.0051)
        assert float(share.rstrip(" %")) == pytest.approx(100 * summary["usable_h"][leg] / whole_h, abs=0.051)


def test_hours_series_and_times_are_those_of_the_summary(folder, html):
    summary = json.loads((folder.path / "summary.json").read_text())
    detail = summary["rules"]["aasm3"]["detail"]
    listed = [row for row in html.rows if len(row) == 6 and row[0].isdecimal()]
    assert [(int(r[0]), int(r[3]), int(r[4])) for r in listed] == [
        (one["number"], one["n"], one["n_in_sleep"]) for one in detail["series"]
    ]
    hours = [row for row in html.rows if len(row) == 6 and ": " in row[0] and " to " in row[0]]
    n = len(detail["by_hour"])
    assert [int(row[2]) for row in hours[:n]] == [one["n_plms"] for one in detail["by_hour"]]
    text = " ".join(html.text)
    for key in ("recording_h", "tib_h", "tst_h", "wake_h"):
        assert f"({summary[key]:.2f} h)" in text
    assert f"right {summary['usable_h']['right']:.2f} h; {summary['one_leg_only_h']:.2f} h" in text


def test_by_stage_and_by_position_add_up_to_the_summary(folder, report):
    summary = json.loads((folder.path / "summary.json").read_text())["rules"]["aasm3"]
    tables = [b for s in report.sections for b in s.blocks if isinstance(b, Table)]
    (by_stage,) = [t for t in tables if t.head[:1] == ("stage",)]
    (by_position,) = [t for t in tables if t.head[:1] == ("position",)]
    assert sum(int(row[3]) for row in by_stage.rows) == summary["n_plms"]
    assert sum(int(row[2]) for row in by_position.rows) == summary["n_plms"]


def test_the_pages_of_the_pdf_say_what_the_html_says(folder, report):
    path = folder.path.parent / "report.pdf"
    write_report(folder.path, path)
    with pypdfium2.PdfDocument(path) as pdf:
        pages = [page.get_textpage().get_text_range() for page in pdf]
    first, whole = (" ".join(text.split()) for text in (pages[0], " ".join(pages)))
    assert report.sections[0].blocks[0].text in first
    assert "PROVISIONAL: not reviewed by a person." in first
    assert "Both rule sets" not in first
    assert "Both rule sets" in pages[1]
    squeezed = whole.replace(" ", "")
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                for row in block.rows:
                    cells = [cell for cell in row if "冷" not in cell]
                    assert all("".join(cell.split()) in squeezed for cell in cells), row
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_page_has_its_number_of_all_and_the_first_has_the_fields_to_fill_in(folder):
    path = folder.path.parent / "pages.pdf"
    write_report(folder.path, path)
    with pypdfium2.PdfDocument(path) as pdf:
        pages = [page.get_textpage().get_text_range() for page in pdf]
    assert len(pages) > 3
    for number, text in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in text
    assert "Interpretation by a clinician (this program gives none):" in pages[0]
    assert "Name, date, signature:" in pages[0]


def tables_of(report):
    return [block for section in report.sections for block in section.blocks if isinstance(block, Table)]


@pytest.mark.parametrize("is_split", [False, True])
def test_a_night_without_stages_has_no_tables_of_dashes_and_names_what_is_undefined(tmp_path, is_split):
    facts = [f for f in night_facts() if f.kind not in ("stage", "arousal", "respiratory")]
    split = [Fact("segment", 3600.0, "person", {"label": "CPAP on"})] if is_split else []
    folder = make_session(tmp_path / "2026-11-20T221500Z_bed-9", [*facts, *split])
    append(folder, [Fact("stop", END_S, "recorder", {"reason": "end"})])
    session = read_session(folder.path)
    report = content.report_of(session, MADE)
    for table in tables_of(report):
        if table.head[:1] == ("movements of the rhythm that are missing (estimate)",):
            # Too few intervals, with or without stages.
            continue
        assert table.rows, table.head
        values = [cell for row in table.rows for cell in row[1:] if cell]
        assert not values or any(not cell.startswith(numbers.NONE) for cell in values), table
    sections = {section.title: section.blocks for section in report.sections}
    for table in (b for b in sections["Both rule sets"] if isinstance(b, Table)):
        assert all(any(not cell.startswith(numbers.NONE) for cell in row[1:]) for row in table.rows)
    named = sections["Both rule sets"][-1].text
    assert named.startswith("Not defined without sleep stages: ")
    assert "PLMS per hour of sleep" in named
    rules = session.summary["rules"]["aasm3"]
    hours = next(b for b in sections["By time, stage and position"] if isinstance(b, Table))
    assert hours.head[1:4] == ("hours", "PLM, AASM v3", "per hour, AASM v3")
    assert sum(int(row[2]) for row in hours.rows) == rules["n_plm"]
    position = next(t for t in tables_of(report) if t.head[0] == "position")
    assert sum(int(row[2]) for row in position.rows) == rules["n_plm"]
    # A dash is left only where one rule set reports what the other does not.
    for title in (
        "Summary",
        "Manual edits",
        "By time, stage and position",
        f"Series ({numbers.RULE_NAMES['aasm3']})",
    ):
        cells = [cell for b in sections[title] if isinstance(b, Table) for row in b.rows for cell in row]
        assert numbers.NONE not in cells, title
    if is_split:
        table, picture = sections["Split night"]
        each = [part["rules"]["aasm3"] for part in session.summary["segments"]]
        assert [row[2] for row in table.rows] == [str(one["n_plm"]) for one in each]
        assert [float(row[3]) for row in table.rows] == [
            pytest.approx(one["plm_per_hour_recorded"], abs=0.051) for one in each
        ]
        assert "PLM per hour recorded" in picture.svg


def test_the_sample_trace_shows_the_typical_series_in_the_recorded_signal(tmp_path):
    moved = [*series(20.0, 5, 15.0), *series(200.0, 4, 30.0), *series(400.0, 6, 32.0)]
    head = night_facts()[0]
    stop = Fact("stop", 620.0, "recorder", {"reason": "end"})
    onsets = [fact.t for fact in moved]
    folder = make_session(tmp_path / "s", [head, *beginning()[1:], *moved, stop], bursts(620.0, onsets))
    session = read_session(folder.path)
    assert typical(session.main.series).onset_us == 200_000_000
    (section,) = [s for s in content.report_of(session, MADE).sections if s.title == "Sample trace"]
    (trace,) = section.blocks
    assert trace.alt.startswith("Series 2: 4 movements, mean interval 30.0 s; its first 145 s from 23:18:10.")
    assert "30 to 200 Hz" in trace.alt
    picture = pixels_of(trace.png)
    assert n_near(picture, (31, 95, 168)) > 1000
    folder.recording.unlink()
    (section,) = [
        s for s in content.report_of(read_session(folder.path), MADE).sections if s.title == "Sample trace"
    ]
    assert section.blocks == (Text("The recording of series 2 is missing, so no sample trace."),)


def test_without_a_series_there_is_no_sample_trace(tmp_path):
    head = night_facts()[0]
    stop = Fact("stop", 620.0, "recorder", {"reason": "end"})
    session = read_session(make_session(tmp_path / "s", [head, *beginning()[1:], stop]).path)
    (section,) = [s for s in content.report_of(session, MADE).sections if s.title == "Sample trace"]
    assert section.blocks == (Text("There is no series, so no sample trace."),)


def pixels_of(png):
    return (matplotlib.image.imread(io.BytesIO(png))[..., :3] * 255).round().astype(int)


def n_near(picture, colour):
    return int((abs(picture - colour).max(axis=-1) < 40).sum())


def test_a_label_of_any_script_is_drawn_in_the_picture_of_a_split_night(tmp_path):
    label = Fact("segment", 3600.0, "person", {"label": "冷 $1 and $2 \u200f"})
    stop = Fact("stop", END_S, "recorder", {"reason": "end"})
    folder = make_session(tmp_path / "2026-11-20T221500Z_bed-8", [*night_facts(), label, stop])
    report = content.report_of(read_session(folder.path), MADE)
    _, picture = next(s.blocks for s in report.sections if s.title == "Split night")
    assert "‹U+51B7› $1 and $2" in picture.svg


def test_it_gives_no_diagnosis_and_says_what_it_is_not(html):
    text = " ".join(" ".join(html.text).split())
    assert "Not a medical device" in text
    assert "reference value" in text.lower()
    for word in ("disorder ", "syndrome", "PLMD", "abnormal", "pathological", "severe"):
        assert word not in text.replace("other disorders and", "")


def test_what_a_person_wrote_is_text_and_nothing_else(html):
    (row,) = [row for row in html.rows if len(row) == 4 and "Cable" in row[1]]
    assert row[1] == "Cable <b>moved</b> & fixed, müde, 冷"
    assert row[2] == "night shift"


def test_alerts_stand_with_how_long_and_who_saw_them(tmp_path):
    said = [
        Fact("acknowledged", 6650.0, "person", {"alerts": {"lost-right": "medium"}, "author": "AB"}),
        Fact("sound", 6660.0, "person", {"state": "paused", "duration_s": 120.0, "author": "AB"}),
        Fact("stop", END_S, "recorder", {"reason": "end"}),
    ]
    folder = make_session(tmp_path / "2026-11-20T221500Z_bed-7", [*night_facts(), *said])
    report = content.report_of(read_session(folder.path), MADE)
    (section,) = [s for s in report.sections if s.title == "Alerts"]
    table, pauses = section.blocks
    assert table.rows[0] == (
        "01:03:30",
        "00:04:50",
        "medium",
        "Right leg missing, not counted",
        "01:05:50 AB",
    )
    assert [row[2:] for row in table.rows[1:]] == [
        ("medium", "Gap of 300.0 s, right leg", ""),
        ("low", "Mains in the left leg", ""),
    ]
    assert "01:06:00 AB" in pauses.text
    (log,) = [s for s in report.sections if s.title == "Technologist's log"]
    assert not any("seen" in cell for row in log.blocks[0].rows for cell in row)


def standing_of(folder):
    return content.report_of(read_session(folder.path), MADE).signature_text


def test_a_signature_holds_until_something_is_added(tmp_path):
    folder = make_session(tmp_path / "2026-11-20T221500Z_bed-6", night_facts())
    append(folder, [Fact("stop", END_S, "recorder", {"reason": "end"})])
    assert standing_of(folder) == "PROVISIONAL: not reviewed by a person."
    last_seq = folder.journal.read_bytes().count(b"\n") - 1
    who = {"author": "M. Berg", "told_utc": "2026-11-21T07:01:00+00:00"}
    append(folder, [Fact("sign", None, "person", {**signature(folder.journal, last_seq), **who})])
    signed = content.report_of(read_session(folder.path), MADE)
    assert signed.is_signed
    assert signed.signature_text == "Reviewed and signed by M. Berg on 2026-11-21 08:01."
    append(folder, [Fact("reject", 900.0, "person", {"movements": ["L900-0"], "reason": "cable"})])
    changed = content.report_of(read_session(folder.path), MADE)
    assert not changed.is_signed
    assert "changed after the signature" in changed.signature_text
    (edits,) = [s.blocks for s in changed.sections if s.title == "Manual edits"]
    assert "movements rejected: 1," in edits[0].text
    without, reported = next(row[1:] for row in edits[1].rows if row[0] == "leg movements (LM) AASM v3")
    assert int(without) == int(reported) + 1


def test_no_section_shows_a_rate_over_less_than_ten_minutes(tmp_path):
    short = [*series(60.0, 8, 25.0), Fact("stop", 300.0, "recorder", {"reason": "end"})]
    head = [night_facts()[0], *beginning()[1:]]
    folder = make_session(tmp_path / "2026-11-20T221500Z_bed-5", [*head, *short])
    recover(folder)
    summary = json.loads((folder.path / "summary.json").read_text())
    assert summary["rules"]["aasm3"]["plm_per_hour_recorded"] > 0
    sections = {s.title: s.blocks for s in content.report_of(read_session(folder.path), MADE).sections}
    shown = {row[0]: row[1:] for row in sections["Manual edits"][1].rows}
    assert shown["PLM per hour recorded AASM v3"] == ("too early for a rate",) * 2
    assert shown["movements in series (PLM) AASM v3"] == ("8", "8")


def test_a_recording_that_runs_says_so(tmp_path):
    running = make_session(tmp_path / "2026-11-20T221500Z_bed-4", night_facts())
    assert "has not ended" in standing_of(running)


def test_without_stages_there_is_no_plms_index(tmp_path):
    facts = [f for f in night_facts() if f.kind not in ("stage", "arousal", "respiratory")]
    folder = make_session(tmp_path / "2026-11-20T221500Z_bed-5", facts)
    append(folder, [Fact("stop", END_S, "recorder", {"reason": "end"})])
    report = content.report_of(read_session(folder.path), MADE)
    first = report.sections[0].blocks
    assert first[0].text.startswith("PLM per hour recorded, by AASM v3")
    assert any("no sleep stages" in block.text for block in first if isinstance(block, Text))


def test_estimated_sleep_is_called_so_and_what_there_is_without_it_is_said(tmp_path):
    def by(fact):
        is_auto = fact.kind == "stage" and fact.t >= 600.0
        return Fact("stage", fact.t, "auto", {**fact.data, "p_sleep": 0.9}) if is_auto else fact

    facts = [by(fact) for fact in night_facts()]
    scored = [stage(600.0 + 30 * i, "N2") for i in range(10)]
    made = make_session(tmp_path / "s", [*facts, *scored, Fact("stop", END_S, "recorder", {"reason": "end"})])
    recover(made)
    write_report(made.path, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    summary = json.loads((made.path / "summary.json").read_text())
    assert (summary["stages"], summary["n_epochs_auto"]) == ("mixed", 210)
    assert "PLMS per hour of partly ESTIMATED sleep" in text
    assert "(210 epochs) is an ESTIMATE from EEG by a program" in text
    assert "agrees with a person on sleep or wake in 100% of 10 epochs" in text
    recorded = summary["without_estimate"]["aasm3"]["plm_per_hour_recorded"]
    assert f"Without the estimate: {recorded:.1f} PLM per hour recorded" in text


@pytest.mark.parametrize("name", ["report.doc", "report"])
def test_another_ending_is_refused(folder, tmp_path, name):
    with pytest.raises(InputError, match=r"--out: .*one of \.pdf, \.html"):
        write_report(folder.path, tmp_path / name)


def test_the_command_says_what_is_wrong(tmp_path, folder):
    result = CliRunner().invoke(cli, ["report", str(tmp_path), "--out", str(tmp_path / "x.pdf")])
    assert result.exit_code == 2
    assert "is not a session folder" in result.stderr
    result = CliRunner().invoke(cli, ["report", str(folder.path), "--out", str(tmp_path / "no" / "x.html")])
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_a_night_in_which_summer_time_ends_says_which_hour_is_meant(tmp_path):
    def clock(t_s, zone, name):
        utc = dt.datetime(2026, 10, 25, 0, 0, tzinfo=dt.UTC) + dt.timedelta(seconds=t_s)
        data = {"utc": utc.isoformat(timespec="milliseconds"), "zone": zone, "zone_name": name}
        place = {"lsl": 700.0 + t_s, "origin": 700.0, "boot_id": "b", "recorded_s": t_s, "session_s": t_s}
        return Fact("clock", t_s, "recorder", data | place)

    head, *facts = night_facts()
    facts = [fact for fact in facts if fact.kind != "clock"]
    clocks = [clock(0.0, "+0200", "CEST"), clock(3600.0, "+0100", "CET")]
    notes = [note(10.0, "early"), note(3000.0, "before"), note(4000.0, "after"), note(7190.0, "late")]
    stop = Fact("stop", END_S, "recorder", {"reason": "end"})
    made = make_session(tmp_path / "2026-10-25T000000Z_bed-3", [head, *clocks, *facts, *notes, stop])
    recover(made)
    session = read_session(made.path)
    report = content.report_of(session, MADE)
    rows = {row[1]: row[0] for section in report.sections for block in section.blocks
            if isinstance(block, Table) for row in block.rows if len(row) > 1}  # fmt: skip
    times = {text: rows[text] for text in ("early", "before", "after", "late")}
    assert times == {
        "early": "02:00:10 CEST",
        "before": "02:50:00 CEST",
        "after": "02:06:40 CET",
        "late": "02:59:50 CET",
    }
    cells = [cell for section in report.sections for block in section.blocks if isinstance(block, Table)
             for row in block.rows for cell in row]  # fmt: skip
    assert any(cell.startswith("2026-10-25 02:00 CEST to 03:00 CET") for cell in cells)


def test_the_title_of_a_short_recording_has_the_count_and_its_time_and_no_rate(tmp_path):
    head, *_ = night_facts()
    moved = [movement(f"L{i}", 60.0 + 22.0 * i) for i in range(6)]
    stop = Fact("stop", 420.0, "recorder", {"reason": "test"})
    folder = make_session(tmp_path / "short", [head, *moved, stop])
    report = content.report_of(read_session(folder.path), MADE)
    title = report.sections[0].blocks[0].text
    assert title.endswith("(main rule set): too early for a rate, 6 PLM in 0 h 07 min (0.12 h) recorded")
