"""A night of the simulated amplifier, recorded, heard on the network and stopped, as promised."""

import json
import os
import stat
from types import SimpleNamespace

import numpy as np
import pytest
import pyxdf
from support.watching import (
    Command,
    Listener,
    Watch,
    closed,
    movement_rows,
    of_kind,
    run,
    summary,
    table,
    whole_facts,
)

from monitor.session.control import ControlClient
from monitor.session.journal import read_journal
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.schedule import Schedule

pytestmark = pytest.mark.smoke

SEED, SPEED, RATE_HZ = 5, 20.0, 500.0
UNTIL_S = 125.0
INDEX_LABELS = [
    "plms_index_aasm3", "plms_index_wasm2016", "plm_per_hour_recorded", "plm_rate_30min", "n_plms_aasm3",
    "n_plms_wasm2016", "tst_h", "usable_left", "usable_right", "state",
]  # fmt: skip


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Record two minutes of the demonstration at ten times its pace; a person speaks; then `stop`."""
    path = tmp_path_factory.mktemp("night")
    environment = os.environ | {"XDG_DATA_HOME": str(path / "data")}
    amplifier = Command(
        path / "amplifier.log", "simulate", "--seed", str(SEED), "--speed", str(SPEED), "--wait-for-receiver"
    )
    watch = Watch(
        path / "sessions", "--bed", "lab-3", "--stream", f"source_id=plms-sim-emg-{SEED}",
        "--stream", "PLMS-Sim-Markers", "--study", "st-77", environment=environment,
    )  # fmt: skip
    try:
        folder = watch.folder
        heard = SimpleNamespace(
            **{name.lower(): Listener(f"PLMS-{name}-lab-3") for name in ("Markers", "Facts", "Index")}
        )
        watch.wait_for(folder.control.exists, "control channel")
        say(folder)
        watch.wait_for(lambda: reached(folder) >= UNTIL_S, f"{UNTIL_S} s of signal")
        stopped = run("stop", str(folder.path))
        code = watch.end()
        for listener in vars(heard).values():
            listener.close()
        facts, tail = read_journal(folder.journal)
        yield SimpleNamespace(
            folder=folder, heard=heard, code=code, stopped=stopped, facts=facts, tail=tail, said=watch.said
        )
    finally:
        watch.kill()
        amplifier.kill()


def reached(folder):
    facts = whole_facts(folder.journal)
    return max((fact.t or 0.0 for fact in facts), default=0.0)


def say(folder):
    client = ControlClient(folder)
    client.ask({"do": "note", "t": 0.0, "text": "Mrs Example turns", "author": "Nurse Example"})
    client.close()


def origin_s(night):
    (anchor,) = of_kind(night.facts, "anchor")
    assert anchor.t == 0.0
    return anchor.data["stamp"]


def test_it_ends_when_told_with_everything_written(night):
    assert night.code == 0, night.said
    assert night.stopped.returncode == 0, night.stopped.stderr
    assert night.tail.torn_bytes == 0
    assert of_kind(night.facts, "stop")[0].data["reason"] == "stopped by request"
    assert {path.name for path in night.folder.path.iterdir()} == {
        "journal.jsonl", "recording.xdf", "movements.tsv", "events.tsv", "summary.json",
    }  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="no POSIX modes")
def test_only_the_owner_can_read_it(night):
    assert stat.S_IMODE(night.folder.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in night.folder.path.iterdir()} == {0o600}


def test_the_journal_is_numbered_and_has_the_clock_of_the_start(night):
    assert [fact.seq for fact in night.facts] == list(range(len(night.facts)))
    assert night.facts[0].kind == "session"
    assert night.facts[0].data["study"] == "st-77"
    first = of_kind(night.facts, "clock")[0].data
    assert {"utc", "zone", "lsl", "boot_id"} <= set(first)


def test_movements_are_those_that_were_made(night):
    end_s = of_kind(night.facts, "stop")[0].t
    truth = [r for r in Schedule(SEED, "demo").truth(end_s - 2) if r.trial_type.startswith("LM_")]
    found = movement_rows(night.folder.path)
    matched = [
        min(
            onset - row.onset_s
            for leg, onset, _ in found
            if f"LM_{leg}" == row.trial_type and abs(onset - row.onset_s) < 1
        )
        for row in truth
    ]
    assert len(truth) >= 8
    assert np.median(np.abs(matched)) <= 0.025
    assert len([row for row in found if row[1] < end_s - 2]) == len(truth)


def raw_stream(night, kind):
    streams, _ = pyxdf.load_xdf(
        night.folder.recording, synchronize_clocks=False, dejitter_timestamps=False, verbose=False
    )
    return next(s for s in streams if s["info"]["type"] == [kind])


def marker_error_s(night):
    """Return how far a marker may lie from its place (s of the session): by the measured clock offsets.

    Both clocks are that of this computer; a measurement between two busy processes is a fraction of a
    millisecond off, which this session multiplies by its speed.
    """
    return 0.005 + SPEED * np.abs(raw_stream(night, "EMG")["clock_values"]).max()


def test_every_raw_sample_was_kept_to_the_bit(night):
    emg, markers = raw_stream(night, "EMG"), raw_stream(night, "Markers")
    n = len(emg["time_stamps"])
    assert n >= UNTIL_S * RATE_HZ
    expected = SignalGenerator(Schedule(SEED, "demo"), RATE_HZ).read(0, n).astype(np.float32)
    assert np.array_equal(emg["time_series"], expected)
    assert emg["time_stamps"][0] == origin_s(night)
    assert int(emg["footer"]["info"]["sample_count"][0]) == n
    assert of_kind(night.facts, "stop")[0].t == pytest.approx(n / RATE_HZ, abs=0.01)
    assert [row[0] for row in markers["time_series"]][:2] == ["lights_off", "N2"]
    assert np.abs(emg["clock_values"]).max() < 0.001


def test_the_marker_outlet_says_each_phase_at_its_time(night):
    heard = night.heard.markers
    assert (heard.info.type(), heard.info.channel_count(), heard.info.nominal_srate()) == ("Markers", 1, 0.0)
    origin, error_s = origin_s(night), marker_error_s(night)
    said = {
        (text, round((stamp - origin) * SPEED, 3))
        for text, stamp in zip(heard.texts(), heard.stamps, strict=True)
    }
    for fact in of_kind(night.facts, "movement"):
        wanted = f"LM_{fact.data['leg']}/{fact.data['phase']}"
        place = {"onset": "onset", "withdrawn": "onset", "closed": "end"}.get(fact.data["phase"])
        t_s = fact.data["onset"] + 0.5 if place is None else fact.data[place]
        near = [t for text, t in said if text == wanted and abs(t - t_s) < error_s]
        assert near, f"{wanted} at {t_s} was not heard"


def test_the_series_is_told_by_its_first_movement(night):
    first = min(row[1] for row in movement_rows(night.folder.path))
    origin = origin_s(night)
    starts = [
        (stamp - origin) * SPEED
        for text, stamp in zip(night.heard.markers.texts(), night.heard.markers.stamps, strict=True)
        if text == "PLM_series/start"
    ]
    assert starts == pytest.approx([first], abs=marker_error_s(night))
    assert "lights_off" in night.heard.markers.texts()
    assert "note" in night.heard.markers.texts()


def test_nothing_private_is_on_the_network(night):
    everything = "".join(night.heard.facts.texts() + night.heard.markers.texts())
    for private in ("Example", "st-77"):
        assert private not in everything
    note = next(json.loads(t) for t in night.heard.facts.texts() if '"note"' in t)
    assert set(note) == {"v", "seq", "kind", "t", "source", "told_utc", "crc"}
    kept = of_kind(night.facts, "note")[0].data
    assert kept == {"text": "Mrs Example turns", "author": "Nurse Example", "told_utc": note["told_utc"]}


def test_facts_are_heard_as_they_are_in_the_journal_down_to_the_last(night):
    heard = [json.loads(text) for text in night.heard.facts.texts()]
    by_seq = {line["seq"]: line for line in heard if line["kind"] != "snapshot"}
    from_seq = min(by_seq)
    assert set(by_seq) == set(range(from_seq, len(night.facts)))
    for fact in closed(night.facts):
        line = by_seq[fact.seq]
        assert {key: line[key] for key in fact.data} == fact.data
    snapshots = [line for line in heard if line["kind"] == "snapshot"]
    assert all(line["bed"] == "lab-3" for line in snapshots)


def test_the_index_outlet_has_its_labels_and_ends_with_the_tables_numbers(night):
    heard = night.heard.index
    assert (heard.info.type(), heard.info.nominal_srate()) == ("PLMS", 0.0)
    assert heard.info.get_channel_labels() == INDEX_LABELS
    last = dict(zip(INDEX_LABELS, heard.samples[-1], strict=True))
    rules = summary(night.folder.path)["rules"]
    assert last["state"] == 4
    assert last["n_plms_aasm3"] == rules["aasm3"]["n_plms"] >= 4
    assert last["n_plms_wasm2016"] == rules["wasm2016"]["n_plms"] >= 4
    assert last["plms_index_aasm3"] == pytest.approx(rules["aasm3"]["plms_index"], rel=1e-5)
    assert last["tst_h"] == pytest.approx(summary(night.folder.path)["tst_h"], rel=1e-5)
    assert np.isin([sample[-1] for sample in heard.samples], [0, 1, 2, 3, 4]).all()


def test_outlets_can_be_found_again_by_their_ids(night):
    ids = {receiver.info.source_id() for receiver in vars(night.heard).values()}
    assert len(ids) == 3
    assert all("lab-3" in each for each in ids)


def test_tables_agree_with_each_other(night):
    found, events = movement_rows(night.folder.path), table(night.folder.path / "events.tsv")
    assert len(found) == len(closed(night.facts))
    assert sum(row["plm"] == "1" for row in events) == summary(night.folder.path)["rules"]["aasm3"]["n_plms"]
    assert {row["leg"] for row in events} <= {"left", "right", "both", "unknown"}


def test_scoring_the_recording_gives_the_same_movements(night, tmp_path):
    scored = run("score", str(night.folder.recording), "--out", str(tmp_path))
    assert scored.returncode == 0, scored.stderr
    again, live = movement_rows(tmp_path / "recording"), movement_rows(night.folder.path)
    assert [row[0] for row in again] == [row[0] for row in live]
    assert np.allclose([row[1:] for row in again], [row[1:] for row in live], rtol=0, atol=0.001)
