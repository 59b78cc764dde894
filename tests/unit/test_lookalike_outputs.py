"""Look-alikes in log, trace, number, report, tables and markers, and how a person restores one."""

import csv
import html
import io
import json
import re

import pytest
from support.growing import GrowingSession
from support.lookalikes import N_EACH, half_tremor, plain, tremor
from support.screens import recorder, screen_of
from support.sessions import make_session, movement, stage

from monitor.model.clock import utc_now
from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.model.wording import by_the_letter
from monitor.outputs.exports.csv_export import make_csvs
from monitor.outputs.exports.event_list import session_events
from monitor.outputs.report.content import report_of
from monitor.outputs.report.writing import to_html
from monitor.recorder.outlets import LookalikeWatch, snapshot
from monitor.recorder.requests import RefusedError
from monitor.scoring import score
from monitor.session.reader import read_session
from monitor.session.state import SessionState
from monitor.session.tables import write_tables

END_S = 1200.0
STOP = Fact("stop", END_S, "recorder", {"reason": "test"})


class Growing(GrowingSession):
    """A session that is scored after each request."""

    def __init__(self, facts):
        super().__init__(*facts, end_s=END_S)

    def score(self, name="aasm3"):
        found = score(self.state.night(END_S), PROFILES[name])
        # A fold of the whole journal is the same.
        assert found == score(SessionState.of(self.facts).night(END_S), PROFILES[name])
        return found


@pytest.mark.parametrize("name", list(PROFILES))
def test_a_person_restores_a_lookalike_and_undoes_it(name):
    night = Growing(half_tremor())
    assert (night.score(name).indices.n_plms, night.score(name).lookalikes["tremor"]) == (N_EACH, N_EACH)
    accepted = night.ask(do="accept", movement="L3", author="AB")
    assert (accepted.supersedes, accepted.t, accepted.data) == (
        None, 120.0, {"movements": ["L3"], "author": "AB"},
    )  # fmt: skip
    assert (night.score(name).indices.n_plms, night.score(name).lookalikes["tremor"]) == (9, 7)
    with pytest.raises(RefusedError, match="'L3' is restored already"):
        night.ask(do="accept", movement="L3")
    night.ask(do="undo", seq=accepted.seq)
    assert night.score(name).indices.n_plms == N_EACH
    assert night.state.restored == frozenset()
    night.ask(do="accept", movement="L3")
    assert night.score(name).indices.n_plms == N_EACH + 1


def test_a_restored_lookalike_is_rejected_and_restored_like_any_movement():
    night = Growing(half_tremor())
    night.ask(do="accept", movement="L3")
    rejected = night.ask(do="reject", movements=["L3"], reason="tremor after all")
    assert night.score().indices.n_plms == N_EACH
    back = night.ask(do="accept", movement="L3")
    assert back.supersedes == rejected.seq
    assert night.score().indices.n_plms == N_EACH + 1


def test_a_movement_without_bursts_is_no_lookalike_to_restore():
    night = Growing([*half_tremor()[:1], plain("L0", 10.0)])
    del night.facts[-1].data["bursts"]
    with pytest.raises(RefusedError, match="a person rejected, or a look-alike"):
        night.ask(do="accept", movement="L0")
    with pytest.raises(RefusedError, match="movement = 'L9'"):
        night.ask(do="accept", movement="L9")


@pytest.mark.parametrize("name", list(PROFILES))
def test_late_stages_refold_lookalikes_and_those_that_were_restored(name):
    night = Growing([fact for fact in half_tremor() if fact.kind != "stage"])
    night.ask(do="accept", movement="L3")
    assert (night.score(name).indices.n_plm, night.score(name).indices.n_plms) == (9, None)
    assert night.score(name).by_letter.n_plms is None
    for i in range(40):
        night.add(stage(30.0 * i, "N2" if i < 6 else "W"))
    found = night.score(name)
    # Asleep until 180 s: L0, L2, L4 and the restored L3; the tremors L1 and L5 too.
    assert (found.indices.n_plms, found.by_letter.n_plms) == (4, 6)
    assert found.lookalikes["tremor"] == 7
    for i in range(40):
        night.add(stage(30.0 * i, "N2"))
    assert (night.score(name).indices.n_plms, night.score(name).by_letter.n_plms) == (9, 16)


def test_summary_and_edits_name_what_was_restored(tmp_path):
    night = Growing([*half_tremor(), STOP])
    night.ask(do="accept", movement="L3")
    summary = write_tables(tmp_path, night.state, PROFILES)
    detail = summary["rules"]["aasm3"]["detail"]
    assert detail["lookalikes"] == {"tremor": 7, "alternating": 0, "myoclonus": 0}
    assert (summary["rules"]["aasm3"]["n_plms"], detail["by_the_letter"]["n_plms"]) == (9, 16)
    edits = summary["manual"]["edits"]
    assert (edits["lookalikes_counted"], edits["taken_back"], edits["movements_rejected"]) == (1, 0, 0)
    assert summary["manual"]["automatic"]["aasm3"]["n_plms"] == N_EACH
    rows = list(csv.DictReader(io.StringIO((tmp_path / "events.tsv").read_text()), delimiter="\t"))
    assert sum(row["reason"].startswith("foot tremor: bursts at") for row in rows) == 7


def test_markers_name_each_lookalike_once_and_withdraw_it():
    night, watch = Growing(half_tremor()), LookalikeWatch()
    first = watch.update(night.score())
    assert first == [("lookalike_left/tremor", 80.0 + 40.0 * i) for i in range(N_EACH)]
    assert watch.update(night.score()) == []
    night.ask(do="accept", movement="L3")
    assert watch.update(night.score()) == [("lookalike_left/withdrawn", 120.0)]
    night.add(tremor("L90", 800.0, hz=1.0))
    assert watch.update(night.score()) == [("lookalike_left/tremor", 800.0)]
    night.add(tremor("R90", 800.5, hz=1.0))
    assert watch.update(night.score()) == [
        ("lookalike_left/withdrawn", 800.0),
        ("lookalike_left/alternating", 800.0),
        ("lookalike_right/alternating", 800.5),
    ]
    scores = {name: night.score(name) for name in PROFILES}
    where = snapshot(night.state, scores, "aasm3", END_S)
    assert where["lookalikes"] == {"tremor": 7, "alternating": 2, "myoclonus": 0}
    assert (scores["aasm3"].indices.n_plms, where["n_plms_by_letter"]) == (9, 16)


def test_an_open_movement_is_no_lookalike_and_nothing_is_sent_without_any():
    night, watch = Growing([fact for fact in half_tremor() if not fact.data.get("bursts")]), LookalikeWatch()
    night.add(movement("L0", 20.0, 2.2, phase="confirmed"))
    assert watch.update(night.score()) == []
    night.add(tremor("L0", 20.0))
    assert watch.update(night.score()) == [("lookalike_left/tremor", 20.0)]


def test_exports_have_types_of_their_own(tmp_path):
    folder = make_session(tmp_path / "s", [*half_tremor(), STOP])
    session = read_session(folder.path)
    events = session_events(session, notes=False)
    named = [event for event in events if event.trial_type == "lookalike_tremor"]
    assert [event.onset_us for event in named] == [round((80 + 40 * i) * 1e6) for i in range(N_EACH)]
    assert {(event.leg, event.text) for event in named} == {
        ("left", "Look-alike: foot tremor: bursts at 0.3-4 Hz; counted apart")
    }
    assert not [event for event in events if event.trial_type == "LM_not_counted"]
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(make_csvs(session)["summary"]))}
    assert rows["lookalikes.tremor"] == ["8", "8"]
    assert (rows["n_plms"], rows["by_the_letter.n_plms"]) == (["8", "8"], ["16", "16"])


def test_the_report_has_a_section_and_a_note_on_its_first_page(tmp_path):
    session = read_session(make_session(tmp_path / "s", [*half_tremor(), STOP]).path)
    page = to_html(report_of(session, utc_now()))
    text = html.unescape(" ".join(re.sub("<[^>]*>", " ", page).split()))
    assert "Note: look-alikes are counted apart: 8 PLMS; 8 more by the letter: foot tremor." in text
    part = text.split("Look-alikes movements of one leg AASM v3 WASM 2016", 1)[1]
    assert part.split()[:4] == ["foot", "tremor", "8", "8"]
    assert "PLM in sleep (PLMS) 8 16 8 16" in part
    plain_session = [f for f in half_tremor() if len(f.data.get("bursts", ())) < 2]
    without = read_session(make_session(tmp_path / "p", [*plain_session, STOP]).path)
    assert "look-alike" not in to_html(report_of(without, utc_now())).lower().split("how it was scored")[0]


def test_the_screen_names_them_in_log_trace_and_number(tmp_path):
    screen = screen_of(tmp_path / "s", half_tremor(), recorder(END_S))
    assert (screen.index.count, screen.index.letter_text) == (8, "8 more by the letter: foot tremor")
    like = [bracket for bracket in screen.movements.brackets if bracket.life == "lookalike"]
    assert [bracket.key for bracket in like] == [f"L{2 * i + 1}" for i in range(N_EACH)]
    assert (like[0].text, like[0].why) == (
        "foot tremor · 2.2 s", "foot tremor: bursts at 0.3-4 Hz; counted apart",
    )  # fmt: skip
    rows = [row for row in screen.log.rows if row.what == "foot tremor"]
    assert len(rows) == N_EACH
    assert (rows[0].is_dim, rows[0].is_strong, rows[0].duration) == (True, False, "2.2")


def test_restored_in_the_log_and_undoable_there(tmp_path):
    facts = [*half_tremor(), Fact("accept", 120.0, "person", {"movements": ["L3"], "author": "AB"})]
    screen = screen_of(tmp_path / "s", facts, recorder(END_S))
    (row,) = [row for row in screen.log.rows if row.kind == "person"]
    assert row.what == "look-alike counted as a leg movement"
    assert screen.undo.latest.seq == row.seq is not None
    assert screen.permissions.restored == {"L3"}
    assert screen.index.letter_text == "7 more by the letter: foot tremor"
    undone = [*facts, Fact("withdrawn", 120.0, "person", {"what": "accept"}, supersedes=len(facts) - 1)]
    again = screen_of(tmp_path / "u", undone, recorder(END_S))
    assert again.permissions.restored == frozenset()
    assert json.loads(json.dumps(again.undo.redo.request())) == {"do": "accept", "movement": "L3"}


def test_the_letter_may_count_fewer_or_as_many():
    assert by_the_letter(8, 5, {"tremor": 2, "myoclonus": 3}) == (
        "3 fewer by the letter: fragmentary myoclonus, foot tremor"
    )
    assert by_the_letter(8, 8, {"tremor": 2}) == "as many by the letter: foot tremor"
    assert by_the_letter(8, 9, {"tremor": 0}) == ""
    assert by_the_letter(None, None, {"tremor": 1}) == ""
