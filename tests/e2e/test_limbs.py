"""Arms and several derivations of a leg: recorded live and scored from a file, the same answer."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner
from support.hand_fed import HEADER, RATE_HZ

from monitor.cli.score import score
from monitor.lsl.arrivals import Connected, Samples
from monitor.model.config import load_config
from monitor.montage import Channel, StreamDescription, assign_legs
from monitor.recorder.outlets import marker_of
from monitor.recorder.recorder import RecordingPlan, SessionRecorder
from monitor.recorder.source import Source
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal
from monitor.session.recovery import recover
from monitor.session.xdf import XdfWriter
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.schedule import Schedule

SECONDS = 150
FIRST_SECONDS = 60
LABELS = ("LAT1", "LAT2", "RAT", "ARM")
CONFIG = """
[legs]
left = "LAT1+LAT2-RAT"
right = "RAT"
[limbs]
left_arm = "ARM"
"""


def signal():
    """Give four channels: a leg, the sum of both, the other leg, an arm that does the same later."""
    n = round(SECONDS * RATE_HZ)
    legs = SignalGenerator(Schedule(6, "demo"), RATE_HZ).read(0, n)[:, :2]
    values = np.stack([legs[:, 0], legs[:, 1] + legs[::-1, 0], legs[:, 1], np.roll(legs[:, 1], 1000)], axis=1)
    return values.astype(np.float32)


def table(path):
    with path.open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def recorded(tmp_path, config, values):
    stream = StreamDescription(
        "Amp", "EMG", "amp", RATE_HZ, "float32", tuple(Channel(label, "uV", "EMG") for label in LABELS)
    )
    (chosen,) = assign_legs([(None, stream)], config.wish)
    source = Source.of(1, chosen, config.detector)
    about = {"config": config.document, "config_sha256": "x", "main_profile": "aasm3", "measure": "m"}
    plan = RecordingPlan("bench", "aasm3", config.rules, config.labels, about)
    folder = SessionFolder.create(tmp_path, "bench")
    clock_s = [9000.0]
    night = SessionRecorder(folder, plan, [source], lambda: clock_s[0])
    header = HEADER.format("Amp", "float32").replace("<channel_count>1<", "<channel_count>4<")
    night.take(Connected(1, stream, header, 0.0))
    for start in range(0, len(values), 500):
        chunk = values[start : start + 500]
        stamps_s = 9000.0 + np.arange(start, start + len(chunk)) / RATE_HZ
        night.take(Samples(1, chunk, stamps_s))
        clock_s[0] = float(stamps_s[-1])
        night.tick()
    night.finish("test")
    return folder.path, read_journal(folder.journal)[0]


def filed(path, values):
    channels = "".join(
        f"<channel><label>{label}</label><unit>uV</unit><type>EMG</type></channel>" for label in LABELS
    )
    header = HEADER.format("Amp", "float32").replace("<channel_count>1<", "<channel_count>4<")
    header = header.replace("</info>", f"<desc><channels>{channels}</channels></desc></info>")
    writer = XdfWriter(path)
    writer.add_stream(1, header, "float32", 4)
    writer.samples(1, values, 9000.0 + np.arange(len(values)) / RATE_HZ)
    writer.close()


def test_live_and_from_a_file_arms_are_reported_apart_and_in_no_index(tmp_path):
    (tmp_path / "c.toml").write_text(CONFIG)
    config, values = load_config(str(tmp_path / "c.toml")), signal()
    folder, facts = recorded(tmp_path / "sessions", config, values)
    filed(tmp_path / "night.xdf", values)
    options = ["--config", str(tmp_path / "c.toml"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(score, [str(tmp_path / "night.xdf"), *options])
    assert result.exit_code == 0, result.stderr
    scored = tmp_path / "out" / "night"
    for name in ("movements.tsv", "limbs.tsv", "events.tsv"):
        live, filed_rows = table(folder / name), table(scored / name)
        assert len(live) == len(filed_rows) > 0
        for ours, theirs in zip(live, filed_rows, strict=True):
            assert abs(float(ours["onset"]) - float(theirs["onset"])) < 0.001
    assert {row["limb"] for row in table(folder / "limbs.tsv")} == {"left_arm"}
    assert {row["leg"] for row in table(folder / "movements.tsv")} == {"left", "right"}
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["limbs"]["left_arm"]["n_movements"] == len(table(folder / "limbs.tsv"))
    assert SECONDS / 3600 * 0.9 < summary["limbs"]["left_arm"]["usable_h"] < SECONDS / 3600
    assert "limbs" in json.loads((scored / "summary.json").read_text())
    # The left leg is the union: more movements than its first derivation sees alone.
    seen = [f.data.get("derivations") for f in facts if f.kind == "movement" and f.data["leg"] == "left"]
    assert ["LAT1"] in seen
    assert ["LAT2-RAT"] in seen
    sent = {marker_of(fact)[0].split("/")[0] for fact in facts if marker_of(fact) is not None}
    assert sent == {"LM_left", "LM_right"}


@pytest.mark.parametrize(("phase", "ends_as"), [("confirmed", "closed"), ("onset", "withdrawn")])
def test_an_arm_that_moved_when_the_recorder_was_killed_is_closed_as_a_leg_is(tmp_path, phase, ends_as):
    (tmp_path / "c.toml").write_text(CONFIG)
    config = load_config(str(tmp_path / "c.toml"))
    path, facts = recorded(tmp_path / "sessions", config, signal()[: round(FIRST_SECONDS * RATE_HZ)])
    last = [fact for fact in facts if fact.kind == "limb" and fact.data["phase"] == phase][-1]
    lines = (path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (path / "journal.jsonl").write_bytes(b"".join(lines[: last.seq + 1]))
    assert recover(SessionFolder(path)).was_open
    told = [f.data for f in read_journal(path / "journal.jsonl")[0] if f.data.get("id") == last.data["id"]]
    assert [fact["phase"] for fact in told[-2:]] == [phase, ends_as]
    onsets = [float(row["onset"]) for row in table(path / "limbs.tsv")]
    assert (last.data["onset"] in onsets) == (ends_as == "closed")
