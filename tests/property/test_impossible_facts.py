"""Facts whose checksum is right and whose content is impossible: set aside and said, the rest is used."""

import copy
import dataclasses
import json
import re
import shutil
import tempfile
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from support.examples import examples
from support.recorded_sessions import record_night

from monitor.cli import cli
from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.model.clock import utc_now
from monitor.model.errors import InputError
from monitor.model.facts import KINDS, UNUSABLE, Fact
from monitor.model.payload_check import problem_of
from monitor.model.payloads import FORMS
from monitor.outputs.exports.writing import export_session
from monitor.outputs.report.content import report_of
from monitor.outputs.report.pdf import to_pdf
from monitor.outputs.report.writing import to_html
from monitor.session.alerts import alert_history
from monitor.session.damage import set_aside
from monitor.session.folder import SessionFolder
from monitor.session.journal import Journal, decode, encode, read_journal
from monitor.session.reader import read_session
from monitor.session.recorder_status import LiveStatus
from monitor.session.state import SessionState

LENGTH_S = 90.0

# One of each kind that the simulated session has not.
FURTHER = [
    Fact("source_accepted", 5.0, "person", {"name": "Amp", "unit": None, "stream": "", "left": "Leg/L"}),
    Fact("resumed", 6.0, "recorder", {"away_s": 3.0, "clock": "lsl", "journal_cut_bytes": 0}),
    Fact("lost", 7.0, "recorder", {"name": "Amp", "reason": "gone"}),
    Fact("offset", 7.0, "recorder", {"name": "Amp", "offset_s": 0.1, "before_s": 0.0, "rtt_s": None}),
    Fact("gap", 7.0, "detector", {"legs": ["left"], "end": 9.0, "cause": "stream lost", "resets": True}),
    Fact("gap", 70.0, "detector", {"legs": ["right"], "end": None, "cause": "lost", "resets": True}),
    Fact("limb_quality", 1.0, "detector", {"limb": "left_arm", "state": "bad", "causes": ["flat"]}),
    Fact(
        "limb",
        20.0,
        "detector",
        {"limb": "left_arm", "id": "left_arm-1", "phase": "closed", "onset": 20.0, "known": 22.0}
        | {"resting_uv": 1.0, "end": 21.5, "peak_uv": 9.0, "morphology": True, "cut": None},
    ),
    Fact("staging", 1.0, "recorder", {"state": "running", "reason": "from C4-M1", "channels": []}),
    Fact("stage", 0.0, "auto", {"stage": "N2", "duration_s": 30.0, "p_sleep": 0.9}),
    Fact("stage", 60.0, "person", {"stage": "R", "duration_s": None}),
    Fact("respiratory", 10.0, "Stager", {"label": "hypopnea", "duration_s": 12.0}),
    Fact("arousal", 22.0, "Stager", {"duration_s": 5.0}),
    Fact("lights", 3.0, "person", {"state": "off"}),
    Fact("segment", 45.0, "person", {"label": "treatment"}),
    Fact("late", 30.0, "recorder", {"name": "Amp", "end": 31.0, "late_s": 1.0, "n": 250, "retimed": True}),
    Fact("late", 34.0, "recorder", {"name": "Amp", "end": 35.0, "late_s": 1.0, "n": 250, "retimed": False}),
    Fact(
        "warning",
        40.0,
        "detector",
        {"about": "the sampling rate", "reason": "off", "legs": ["left"], "measured_hz": 251.0},
    ),
    Fact("trouble", 50.0, "recorder", {"about": "disk", "reason": "it is full in 5 min", "end": None}),
    Fact("acknowledged", 51.0, "person", {"alerts": {"disk": "medium"}, "author": "N"}),
    Fact("sound", 52.0, "person", {"state": "paused", "duration_s": 60.0}),
    Fact("marker_rejected", None, "Stager", {"text": "?", "reason": "not a word"}),
    Fact(
        "manual",
        12.0,
        "person",
        {"replaces": ["L9"], "movements": [{"leg": "left", "onset": 12.0, "end": 13.0}], "author": "N"},
    ),
    Fact("reject", 40.0, "person", {"movements": ["L1"], "reason": "cough"}),
    Fact("accept", 41.0, "person", {"movements": ["L9"]}),
    Fact("biocal", 59.0, "person", {"state": "begin", "when": "before", "author": "N"}),
    Fact("sit", 73.0, "person", {"state": "begin"}),
    Fact("discomfort", 80.0, "person", {"score": 35.0, "author": "N"}),
    Fact("biocal", 71.0, "recorder", {"state": "end", "reason": "lights off"}),
    Fact(
        "calibration",
        60.0,
        "person",
        {"when": "before", "duration_s": 10.0, "steps": {"relax": [60.0, 70.0]}, "verdict": "repeat"}
        | {"why": ["none seen"], "swapped": False, "legs": {"left": {"rest_uv": 2.0, "over_rest_uv": [9.0]}}},
    ),
    Fact("withdrawn", 41.0, "person", {"what": "note", "told_utc": "2026-11-20T23:00:00.000+00:00"}),
    Fact("author", None, "person", {"of": [9, 10], "author": "kim"}),
    Fact("damaged", None, "recover", {"what": "journal", "end": None, "bytes": 3, "n": 0, "from_seq": None}),
    Fact("sign", LENGTH_S, "person", {"over_seq": 3, "over_sha256": "00", "author": "N"}),
]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A recorded session that holds every kind of fact and has not been closed."""
    folder = record_night(tmp_path_factory.mktemp("impossible") / "2026-11-20T221500Z_bed-3", LENGTH_S)
    facts, _ = read_journal(folder.journal)
    assert facts[-1].kind == "stop"
    legs = {"legs": ["left", "right"], "limbs": ["left_arm"]}
    facts[0] = dataclasses.replace(facts[0], data={**facts[0].data, **legs})
    folder.journal.unlink()
    journal = Journal(folder.journal)
    journal.append([*facts[:-1], *FURTHER, facts[-1]])
    journal.close()
    return folder


@pytest.fixture(scope="module")
def rows(session):
    return [json.loads(line) for line in session.journal.read_bytes().splitlines()]


def line_of(row):
    """Write a row as it is, with the checksum that belongs to it."""
    row = {key: value for key, value in row.items() if key != "crc"}
    raw = json.dumps(row, separators=(",", ":")).encode()
    return raw[:-1] + b',"crc":%d}\n' % zlib.crc32(raw)


def write(folder, rows):
    folder.journal.write_bytes(b"".join(map(line_of, rows)))


def looked_at(folder):
    """Do what `review` does to a session, and return the log."""
    presenter = Presenter(folder)
    return presenter.poll(LiveStatus(None, 0.0, None, None))


def test_every_kind_is_there_and_good(session, rows):
    assert {row["kind"] for row in rows} == set(FORMS) == set(KINDS) - {UNUSABLE}
    assert [problem_of(row) for row in rows] == [""] * len(rows)
    state = SessionState.of(read_journal(session.journal)[0])
    assert not set_aside(state)
    assert "facts_set_aside" not in read_session(session.path).summary


@pytest.mark.parametrize("kind", FORMS)
def test_a_key_that_is_said_to_belong_to_a_kind_is_one_that_is_checked(kind):
    form = FORMS[kind]
    said = set(re.findall(r"[a-z]+(?:_[a-z0-9]+)+", KINDS[kind]))
    assert said <= form.__required_keys__ | form.__optional_keys__


@pytest.mark.parametrize("synced", [-1, 0.5, "12"])
def test_how_much_of_a_damaged_journal_was_on_disk_is_a_number_of_bytes(rows, synced):
    row = next(row for row in rows if row["kind"] == "damaged")
    assert problem_of({**row, "synced_bytes": 12}) == problem_of({**row, "synced_bytes": None}) == ""
    assert "synced_bytes" in problem_of({**row, "synced_bytes": synced})


def test_the_report_shows_text_as_text(session, rows, tmp_path):
    script = "<script>alert('&amp;')</script>"
    names = {
        "text",
        "reason",
        "author",
        "label",
        "position",
        "name",
        "what",
        "cause",
        "about",
        "bed",
        "study",
    }

    def marked(value, key=""):
        if isinstance(value, dict):
            return {k: v if k == "config" else marked(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [marked(each, key) for each in value]
        return script if isinstance(value, str) and key in names else value

    folder = SessionFolder(tmp_path)
    said = [row | marked(row) if row["kind"] not in ("trouble", "damaged") else row for row in rows]
    write(folder, [*said, said[5] | {"seq": len(rows), "kind": script}])
    read = read_session(folder.path)
    assert [each["seq"] for each in set_aside(read.state)] == [len(rows)]
    text = to_html(report_of(read, utc_now()))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 5


TEXT = st.text(max_size=6) | st.sampled_from(["<script>", "\ud800", "\0", "a" * 400, "$x_{", "{age}", "%s"])
# A moment far inside the longest session is possible, and a session of that length is only slow.
NUMBER = (
    st.sampled_from([float("nan"), float("inf"), 1e300, -1e300, 2**63, 10**400, -1, 0, 0.5, 1e-300])
    | st.floats(-200, 200)
    | st.integers(-200, 200)
)
SCALAR = st.none() | st.booleans() | NUMBER | TEXT
JSON = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=5
)
ENVELOPE = ("kind", "t", "source", "supersedes")


@st.composite
def damage(draw, rows):
    """Draw a row and what is put in the place of one of its fields, at any depth, or that it is taken out."""
    at = draw(st.integers(0, len(rows) - 1))
    row = copy.deepcopy(rows[at])
    inner = row
    key = draw(st.sampled_from([key for key in row if key not in ("v", "seq", "crc")] + ["supersedes"]))
    while isinstance(inner.get(key), dict) and inner[key] and draw(st.booleans()):
        inner = inner[key]
        key = draw(st.sampled_from(sorted(inner)))
    value = inner.get(key)
    if isinstance(value, list) and value and draw(st.booleans()):
        value[draw(st.integers(0, len(value) - 1))] = draw(JSON)
    elif draw(st.integers(0, 4)) == 0:
        inner.pop(key, None)
    else:
        inner[key] = draw(JSON)
    return at, row


def any_damage(n):
    return examples(n, suppress_health_check=list(HealthCheck))


def first_is_refused(folder, at):
    """Whether a session cannot be read; then only because of its first entry, which is named."""
    said = None
    try:
        read_session(folder.path)
    except InputError as err:
        said = str(err)
    assert said is None or (at == 0 and str(folder.journal) in said)
    return said is not None


@any_damage(25)
@given(st.data())
def test_any_field_replaced_by_anything_costs_only_its_fact(session, rows, data):
    at, row = data.draw(damage(rows))
    with tempfile.TemporaryDirectory(dir=session.path.parent) as place:
        folder = SessionFolder(Path(place))
        write(folder, [*rows[:at], row, *rows[at + 1 :]])
        facts, tail = read_journal(folder.journal)
        assert tail.torn_bytes == 0
        whole, _ = read_journal(session.journal)
        assert [*facts[:at], *facts[at + 1 :]] == [*whole[:at], *whole[at + 1 :]]
        if first_is_refused(folder, at):
            with pytest.raises(InputError):
                looked_at(folder)
            return
        read, is_bad = read_session(folder.path), facts[at].kind == UNUSABLE
        assert [each["seq"] for each in read.summary.get("facts_set_aside", ())] == [at] * is_bad
        json.dumps(read.summary, allow_nan=False).encode()
        alert_history(read.state)
        screen = looked_at(folder)
        assert any(f"journal entry {at} " in row.what for row in screen.log.rows) == is_bad
        # What was read can be written.
        assert decode(encode(facts[at])).kind == facts[at].kind


def written(folder, place, forms):
    """Report, export and recover a session, and return what `recover` said."""
    report = report_of(read_session(folder.path), utc_now())
    assert "<script>" not in to_html(report)
    assert to_pdf(report).startswith(b"%PDF")
    done = CliRunner().invoke(cli, ["recover", str(folder.path)])
    # 4: damage was found, and the first line says so.
    assert done.exit_code == (4 if done.output.startswith("DAMAGED") else 0), done.output
    kinds = {each["kind"] for each in set_aside(read_session(folder.path).state)}
    for form in forms:
        try:
            assert export_session(folder.path, form, place / "out").files
        except InputError:
            # Without what says where the signal lies there is none to be exported; a table there always is.
            assert form != "csv"
            assert kinds & {"stream", "anchor"}
    return done.output


@pytest.mark.slow
@any_damage(6)
@given(st.data())
def test_report_export_and_recover_take_any_fact(session, rows, data):
    at, row = data.draw(damage(rows))
    with tempfile.TemporaryDirectory(dir=session.path.parent) as place:
        folder = SessionFolder(Path(place) / session.path.name)
        folder.path.mkdir()
        shutil.copy(session.recording, folder.recording)
        # Without its last fact it was cut off.
        write(folder, [*rows[:at], row, *rows[at + 1 :]][: len(rows) - (at < len(rows) - 1)])
        if first_is_refused(folder, at):
            return
        is_bad = bool(set_aside(read_session(folder.path).state))
        said = written(folder, Path(place), [data.draw(st.sampled_from(["csv", "bids", "edf", "xdf"]))])
        assert (f"(seq {at})" in said) == is_bad


@pytest.mark.parametrize("kept", [{"session"}, {"session", "stream", "anchor"}, {"session", "movement"}])
def test_a_session_of_which_little_can_be_used(session, rows, tmp_path, kept):
    folder = SessionFolder(tmp_path / session.path.name)
    folder.path.mkdir()
    shutil.copy(session.recording, folder.recording)
    write(folder, [row if row["kind"] in kept else row | {"t": "soon"} for row in rows])
    before = folder.recording.read_bytes()
    n_bad = sum(row["kind"] not in kept for row in rows)
    assert len(read_session(folder.path).summary["facts_set_aside"]) == n_bad
    forms = ["csv"]
    if "stream" in kept:
        forms += ["edf", "xdf"]
        with pytest.raises(InputError, match="ends at the start of the recording"):
            export_session(folder.path, "edf", tmp_path / "out")
    assert f"{n_bad} journal entries have impossible content" in written(folder, tmp_path, forms)
    assert folder.recording.read_bytes() == before
    for each in (looked_at(folder), looked_at(folder)):
        assert "cannot be used" in each.footer


@pytest.mark.parametrize(
    "other", [{"legs": {"": 1}}, {"markers": [{}]}, {"notes": []}, {"of a later version": {"a": 1}}]
)
def test_only_the_rules_in_the_configuration_of_a_session_have_to_be_valid(session, rows, tmp_path, other):
    folder = SessionFolder(tmp_path)
    write(folder, [rows[0] | {"config": rows[0]["config"] | other}, *rows[1:]])
    assert read_session(folder.path).scores == read_session(session.path).scores
    looked_at(folder)


@pytest.mark.parametrize("wrong", [{"aasm3": {"onset_uv": "8"}}, {"aasm3": []}, [], {"audience": "horse"}])
def test_rules_that_cannot_be_read_are_named_by_all_that_score(rows, tmp_path, wrong):
    folder = SessionFolder(tmp_path)
    write(folder, [rows[0] | {"config": rows[0]["config"] | {"rules": wrong}}, *rows[1:]])
    for read in (read_session, looked_at):
        with pytest.raises(InputError, match=r"journal\.jsonl: rules"):
            read(folder if read is looked_at else folder.path)


def test_a_session_of_an_earlier_version_keeps_its_rule_of_sleep(session, rows, tmp_path):
    rules = copy.deepcopy(rows[0]["config"]["rules"])
    for name in ("aasm3", "wasm2016"):
        del rules[name]["asleep_by"]
    folder = SessionFolder(tmp_path)
    write(folder, [rows[0] | {"config": rows[0]["config"] | {"rules": rules}}, *rows[1:]])
    assert read_session(session.path).rules["aasm3"].asleep_by == "any_part"
    assert read_session(folder.path).rules["aasm3"].asleep_by == "onset"
