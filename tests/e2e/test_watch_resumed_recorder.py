"""A recorder that takes over from one that was cut off, fed by hand: clocks, sources, spans, series."""

import json

import pytest
from support.recorder_runs import CHOSEN, EMG, LEG, RATE_HZ, Run
from support.watching import of_kind

from monitor.lsl.arrivals import Lost
from monitor.model.clock import slept_s, utc_now
from monitor.model.config import config_from
from monitor.montage import Chosen, StreamDescription
from monitor.recorder import recorder as recorder_module
from monitor.recorder.resumed import Resumed, known_streams, source_keys
from monitor.session import resume as resume_module
from monitor.session.journal import read_journal
from monitor.session.recovery import reopen
from monitor.session.resume import find_cut_off, reanchor, why_not
from monitor.session.signal.xdf_format import tally
from monitor.session.state import SessionState

pytestmark = pytest.mark.smoke


def again(folder, clock_s):
    found = reopen(folder)
    return Run(folder, clock_s, Resumed(found, reanchor(found.state, clock_s, found.end_s, 1.0)))


def test_samples_lie_where_the_clock_says_and_go_on_under_their_number(folder):
    first = Run(folder, 9000.0)
    first.feed(30, 9000.0)
    first.cut()
    second = again(folder, 9100.0)
    assert second.keys == first.keys
    second.feed(10, 9100.0)
    facts = second.end()
    assert of_kind(facts, "anchor")[1].t == pytest.approx(100.0)
    (_, shut) = of_kind(facts, "gap")
    assert (shut.t, shut.data["end"]) == (pytest.approx(30.0, abs=0.01), pytest.approx(100.0))
    assert facts[-1].t == pytest.approx(110.0, abs=0.01)
    (emg,) = [kept for kept in tally(folder.recording).values() if kept.channel_format == "float32"]
    assert (emg.n_samples, emg.first, emg.last) == (40 * RATE_HZ, 9000.0, pytest.approx(9110.0 - 1 / RATE_HZ))


def test_a_score_that_fails_keeps_no_session_from_being_resumed(folder, monkeypatch):
    first = Run(folder, 9000.0)
    first.feed(30, 9000.0)
    first.cut()
    with monkeypatch.context() as patched:
        patched.setattr(recorder_module, "score", lambda *_: 1 / 0)
        second = again(folder, 9100.0)
    second.feed(10, 9100.0)
    facts = second.end()
    assert facts[-1].t == pytest.approx(110.0, abs=0.01)
    assert [fact.data["about"] for fact in of_kind(facts, "warning")].count("scoring") == 1


def test_after_a_restart_of_the_machine_utc_says_where(folder, monkeypatch):
    first = Run(folder, 9000.0)
    first.feed(30, 9000.0)
    first.cut()
    wrote_utc = resume_module.dt.datetime.fromisoformat(
        of_kind(read_journal(folder.journal)[0], "clock")[-1].data["utc"]
    )
    last_lsl = of_kind(read_journal(folder.journal)[0], "clock")[-1].data["lsl"]
    monkeypatch.setattr(resume_module, "boot_id", lambda: "another")
    monkeypatch.setattr(
        resume_module, "utc_now", lambda: wrote_utc + resume_module.dt.timedelta(seconds=9100.0 - last_lsl)
    )
    # The LSL clock began anew: what was 9100 is 50 now.
    second = again(folder, 50.0)
    second.feed(10, 50.0)
    facts = second.end()
    assert of_kind(facts, "resumed")[0].data["clock"] == "utc"
    assert of_kind(facts, "anchor")[1].t == pytest.approx(100.0)


def test_a_clock_that_was_set_back_does_not_make_the_night_go_back(folder, monkeypatch):
    first = Run(folder, 9000.0)
    first.feed(30, 9000.0)
    first.cut()
    monkeypatch.setattr(resume_module, "boot_id", lambda: "another")
    monkeypatch.setattr(
        resume_module, "utc_now", lambda: resume_module.dt.datetime(2020, 1, 1, tzinfo=resume_module.dt.UTC)
    )
    second = again(folder, 50.0)
    second.feed(10, 50.0)
    facts = second.end()
    assert of_kind(facts, "anchor")[1].t == pytest.approx(30.0, abs=0.01)
    assert facts[-1].t == pytest.approx(40.0, abs=0.01)


def test_a_gap_that_was_open_stays_one_gap(folder):
    first = Run(folder, 9000.0)
    first.feed(20, 9000.0)
    first.night.take(Lost(1, "gone"))
    first.clock_s = 9050.0
    first.night.tick()
    first.cut()
    second = again(folder, 9100.0)
    second.feed(10, 9100.0)
    facts = second.end()
    opened, shut = of_kind(facts, "gap")
    assert (shut.supersedes, shut.t, shut.data["cause"]) == (opened.seq, opened.t, "stream lost")
    assert shut.data["end"] == pytest.approx(100.0)


def test_what_was_known_and_told_is_not_told_again(folder):
    first = Run(folder, 9000.0)
    first.feed(10, 9000.0)
    first.series(9010.0, 5)
    first.tell("hypopnea/start", 9100.0)
    first.feed(8, 9110.0)
    assert [change.what for change in first.sent] == ["start"]
    first.cut()
    second = again(folder, 9130.0)
    second.feed(10, 9130.0)
    second.tell("hypopnea/end", 9135.0)
    assert [change.what for change in second.sent if change.what == "start"] == []
    facts = second.end()
    (event,) = second.night.state.facts("respiratory")
    assert (event.t, event.data["duration_s"]) == (pytest.approx(100.0), pytest.approx(35.0))
    ids = {fact.data["id"] for fact in of_kind(facts, "movement")}
    assert len(ids) == 5


def test_state_is_the_fold_of_the_journal_at_every_step(folder):
    first = Run(folder, 9000.0)
    first.feed(10, 9000.0)
    first.series(9010.0, 2)
    first.feed(0.5, 9050.0, gain=15.0)
    first.cut()
    second = again(folder, 9100.0)
    second.feed(10, 9100.0)
    second.series(9110.0, 3)
    live = second.night.state.night(200.0)
    facts, _ = read_journal(folder.journal)
    assert SessionState.of(facts).night(200.0) == live
    facts = second.end()
    # A movement that was open at the crash has an end or was taken back, before the gap.
    flagged = {f.data["id"] for f in of_kind(facts, "movement")}
    assert flagged == {
        f.data["id"] for f in of_kind(facts, "movement") if f.data["phase"] in ("closed", "withdrawn")
    }


def test_a_bio_calibration_survives_a_kill_and_ends_by_itself_once(folder):
    first = Run(folder, 9000.0)
    first.feed(10, 9000.0)
    first.series(9010.0, 5)
    begin = {"do": "biocal", "t": 5.0, "state": "begin", "when": "before", "author": "AB"}
    assert first.night.answer(begin)["ok"]
    first.feed(8, 9110.0)
    first.cut()
    second = again(folder, 9130.0)
    second.feed(5, 9130.0)
    second.series(9135.0, 4)
    assert second.night.scores["wasm2016"].indices.n_plm == 0
    second.tell("lights_off", 9230.0)
    second.feed(3, 9230.0)
    second.night.tick()
    facts = second.end()
    begun, ended = of_kind(facts, "biocal")
    assert (begun.t, begun.data["author"]) == (5.0, "AB")
    assert (ended.source, ended.data) == ("recorder", {"state": "end", "reason": "lights off"})
    assert ended.t == pytest.approx(230.0)
    (one,) = json.loads((folder.path / "summary.json").read_text())["biocal"]
    assert (one["start"], one["end"], one["movements_not_counted"]) == (5.0, pytest.approx(230.0), 9)


def test_another_stream_gets_another_number(folder, monkeypatch):
    first = Run(folder, 9000.0)
    first.feed(5, 9000.0)
    first.cut()
    known = known_streams(reopen(folder).state, folder)
    other = Chosen(None, StreamDescription("Amp", "EMG", "amp", RATE_HZ, "float32", EMG.channels * 2), (LEG,))
    assert source_keys((other, CHOSEN[1]), known) == [3, 2]
    assert source_keys(CHOSEN, known) == [1, 2]


def test_which_session_is_gone_on_with(folder, tmp_path, monkeypatch):
    assert find_cut_off(tmp_path, "bench", None) is None
    first = Run(folder, 9000.0)
    first.cut()
    assert find_cut_off(tmp_path, "bench", None) is None, "there was no sample"
    for path in (folder.journal, folder.recording):
        path.unlink()
    second = Run(folder, 9000.0)
    second.feed(5, 9000.0)
    second.cut()
    found = find_cut_off(tmp_path, "bench", None)
    assert found is not None
    assert found.folder == folder
    assert find_cut_off(tmp_path, "ben", None) is None
    assert find_cut_off(tmp_path, "bench", "S-1") is None
    assert (
        why_not(found.state, {"left", "right"}, 1.0) == "its legs are left, those chosen now left and right"
    )
    assert "speed" in why_not(found.state, {"left"}, 10.0)
    assert why_not(found.state, {"left"}, 1.0) == ""
    for hours, is_found in ((17, True), (19, False)):
        later = utc_now() + resume_module.dt.timedelta(hours=hours)
        monkeypatch.setattr(resume_module, "utc_now", lambda later=later: later)
        assert (find_cut_off(tmp_path, "bench", None) is not None) == is_found
    monkeypatch.undo()
    # The wall clock was set forward by days since: LSL's clock knows that it was a minute ago.
    monkeypatch.setattr(resume_module, "utc_now", lambda: utc_now() + resume_module.dt.timedelta(days=3))
    assert find_cut_off(tmp_path, "bench", None) is None
    last_lsl_s = of_kind(read_journal(folder.journal)[0], "clock")[-1].data["lsl"]
    if slept_s() is not None:
        found = find_cut_off(tmp_path, "bench", None, last_lsl_s + 60.0)
        assert found is not None
        assert found.ago_s == pytest.approx(60.0, abs=0.5)
    monkeypatch.undo()
    third = again(folder, 9100.0)
    third.end()
    assert find_cut_off(tmp_path, "bench", None) is None
    # The end is found in a damaged journal too; one that was not completed is none.
    whole = folder.journal.read_bytes()
    before, stop = whole.splitlines(keepends=True)[-2:]
    assert b'"kind":"stop"' in stop
    folder.journal.write_bytes(whole.removesuffix(before + stop) + before.rstrip() + stop)
    assert find_cut_off(tmp_path, "bench", None) is None
    folder.journal.write_bytes(whole[:-2])
    assert find_cut_off(tmp_path, "bench", None) is not None
    config_from(third.night.state.session["config"], "journal")
