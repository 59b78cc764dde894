"""A recorder that is killed and started again goes on with the night: same session, one gap, nothing lost."""

import sys

import numpy as np
import pytest
import pyxdf
from support.watching import Command, Watch, closed, of_kind, run, session_paths, summary

from monitor.model.config import load_config
from monitor.session.journal import read_journal
from monitor.session.signal.xdf_format import tally
from monitor.session.state import SessionState
from monitor.session.tables import write_tables

EMG, MARKERS = "PLMS-Sim-EMG", "PLMS-Sim-Markers"
STREAMS = ("--stream", EMG, "--stream", MARKERS)
SPEED = 20.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


@pytest.fixture
def amplifier(tmp_path):
    made = Command(
        tmp_path / "amplifier.log", "simulate", "--seed", "41", "--speed", f"{SPEED:g}", "--wait-for-receiver"
    )
    yield made
    made.kill()


@pytest.fixture
def watch(tmp_path, amplifier):
    """Start a recorder of this bed; killed after the test."""
    running = []

    def begin(*arguments):
        running.append(Watch(tmp_path / "sessions", "--bed", "again", *arguments))
        return running[-1]

    yield begin
    for each in running:
        each.kill()


def cut_off(watch):
    """Record until there is a movement, then kill the recorder; return what it left."""
    first = watch(*STREAMS)
    first.facts_until(closed, "a movement")
    folder = first.folder
    first.wait_for(lambda: any(kept.n_samples for kept in tally(folder.recording).values()), "raw signal")
    first.kill()
    return folder, read_journal(folder.journal)[0]


def finished(second, folder):
    assert run("stop", str(folder.path)).returncode == 0
    assert second.end() == 0, second.said
    facts, tail = read_journal(folder.journal)
    assert tail.torn_bytes == 0
    return facts


def go_on(watch, folder, n_facts, *arguments):
    second = watch("--resume", *arguments)
    second.wait_for(lambda: f"Resuming {folder.path}" in second.said, "resuming")

    def moved(facts):
        back = [f.t for f in facts if f.kind == "anchor" and f.seq >= n_facts]
        return back and any(m.data["onset"] > back[0] for m in closed(facts) if m.seq >= n_facts)

    second.wait_for(lambda: moved(read_journal(folder.journal)[0]), "movements of the second part")
    return finished(second, folder)


@pytest.mark.smoke
def test_the_same_session_goes_on_with_one_gap(watch, tmp_path):
    folder, before = cut_off(watch)
    # Nothing is named: the streams are those of before.
    facts = go_on(watch, folder, len(before))
    assert session_paths(tmp_path / "sessions") == [folder.path]
    assert facts[: len(before)] == before
    (resumed,) = of_kind(facts, "resumed")
    assert resumed.data["clock"] == "lsl"
    clocks = [f for f in of_kind(facts, "clock") if f.seq > resumed.seq - 3]
    assert clocks[0].data["boot_id"] == of_kind(before, "clock")[0].data["boot_id"]
    opened, shut = of_kind(facts, "gap")
    assert (opened.data["end"], shut.supersedes) == (None, opened.seq)
    assert (shut.data["cause"], shut.data["legs"]) == ("recorder was cut off", ["left", "right"])
    assert opened.t >= max(f.t for f in before if f.t is not None)
    # The gap is as long as the time without a recorder.
    assert shut.data["end"] == pytest.approx(of_kind(facts, "anchor")[1].t)
    assert not [m for m in closed(facts) if m.data["onset"] < shut.data["end"] and m.data["end"] > opened.t]
    ids = [m.data["id"] for m in closed(facts)]
    assert len(ids) == len(set(ids))
    flagged = {f.data["id"] for f in of_kind(facts, "movement")}
    assert flagged == {f.data["id"] for f in of_kind(facts, "movement") if f.data["phase"] in ENDED}
    check_file(folder, of_kind(facts, "anchor"))
    # What it counted is the fold of these facts and of nothing else.
    folded = tmp_path / "folded"
    folded.mkdir()
    write_tables(folded, SessionState.of(facts), load_config("default").rules)
    assert (folded / "summary.json").read_text() == (folder.path / "summary.json").read_text()
    gone_h = (shut.data["end"] - shut.t) / 3600
    whole = summary(folder.path)
    assert whole["recording_h"] - whole["usable_h"]["left"] >= gone_h


def test_a_damaged_session_is_resumed_with_what_can_be_read(watch, tmp_path):
    folder, _ = cut_off(watch)
    data = bytearray(folder.journal.read_bytes())
    at = data.rindex(b'"phase":"confirmed"')
    data[at : at + 40] = bytes(40)
    folder.journal.write_bytes(data)
    raw = bytearray(folder.recording.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 512] = bytes(512)
    folder.recording.write_bytes(raw)
    before, _ = read_journal(folder.journal)
    numbers = SessionState.of(before).movement_numbers()
    facts = go_on(watch, folder, before[-1].seq + 1)
    assert session_paths(tmp_path / "sessions") == [folder.path]
    assert facts[: len(before)] == before
    assert [fact.seq for fact in facts] == sorted({fact.seq for fact in facts})
    lost = [(fact.data["what"], fact.data["kept"]) for fact in of_kind(facts, "damaged")]
    assert [what for what, _ in lost] == ["journal", "recording"]
    assert [(folder.path / name).read_bytes() for _, name in lost] == [data, raw]
    # A movement that is lost had a number: it is not used again.
    n_lost = of_kind(facts, "damaged")[0].data["n"]
    for movement in closed(facts):
        leg, number = movement.data["leg"], int(movement.data["id"][1:])
        if movement.seq > before[-1].seq and movement not in before and number > numbers.get(leg, 0):
            assert number > numbers.get(leg, 0) + n_lost
    streams, _ = pyxdf.load_xdf(
        folder.recording, synchronize_clocks=False, dejitter_timestamps=False, verbose=False
    )
    assert {s["info"]["type"][0] for s in streams} == {"EMG", "Markers"}
    assert [each["what"] for each in summary(folder.path)["damage"]] == ["journal", "recording"]


ENDED = ("closed", "withdrawn")


def check_file(folder, anchors):
    """Both parts are in one stream of the file, each without a hole, and lie where the journal says."""
    streams, _ = pyxdf.load_xdf(
        folder.recording, synchronize_clocks=False, dejitter_timestamps=False, verbose=False
    )
    (emg,) = [s for s in streams if s["info"]["type"] == ["EMG"]]
    stamps = emg["time_stamps"]
    assert emg["footer"]["info"]["sample_count"] == [str(len(stamps))]
    (jump,) = np.flatnonzero(np.abs(np.diff(stamps)) > 0.05)
    assert stamps[0] == pytest.approx(anchors[0].data["stamp"])
    assert stamps[jump + 1] == pytest.approx(anchors[1].data["stamp"])
    assert {s["info"]["type"][0] for s in streams} == {"EMG", "Markers"}


def test_unasked_a_new_session_begins_and_says_how_to_go_on(watch, tmp_path):
    folder, before = cut_off(watch)
    second = watch(*STREAMS)
    second.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample")
    assert second.folder.path != folder.path
    assert f"plms-monitor recover {folder.path}" in second.said
    assert "--resume" in second.said
    assert read_journal(folder.journal)[0] == before
    # The one that was cut off can be closed while the bed is being recorded; the running one cannot.
    assert run("recover", str(folder.path)).returncode == 0
    twin = run("watch", "--headless", *STREAMS, "--bed", "again", "--sessions", str(tmp_path / "elsewhere"))
    assert twin.returncode == 2
    assert "with another --sessions" in twin.stderr
    assert session_paths(tmp_path / "elsewhere") == []
    refused = run("recover", str(second.folder.path))
    assert refused.returncode == 2
    assert "being edited by another process, or recorded" in refused.stderr
