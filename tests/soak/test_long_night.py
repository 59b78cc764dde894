"""An hour in real time and a twelve-hour night in a quarter of an hour: nothing grows, nothing is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.long_session import LongNight, samples_of, watch_from_outside
from support.watching import Command, Watch, of_kind, run

from monitor.model.facts import Fact
from monitor.session.control import ControlClient
from monitor.session.journal import read_journal

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]
RATE_HZ = 500.0


def night(tmp_path: Path, speed: float, minutes: float) -> tuple[LongNight, list[Fact]]:
    amplifier = Command(
        tmp_path / "amplifier.log",
        "simulate",
        *("--seed", "71", "--speed", f"{speed:g}", "--profile", "night", "--hours", "13"),
        "--wait-for-receiver",
    )
    streams = ("--stream", "PLMS-Sim-EMG", "--stream", "PLMS-Sim-Markers")
    watch = Watch(tmp_path / "sessions", *streams, "--bed", f"soak-{speed:g}")
    try:
        watch.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample")
        seen = watch_from_outside(watch.process.pid, watch.folder, minutes, 10.0)
        client = ControlClient(watch.folder)
        status = client.ask({"do": "status"})
        client.close()
        seen.samples["received"] = status["sources"][0]["n_samples"]
        assert run("stop", str(watch.folder.path)).returncode == 0
        assert watch.end() == 0, watch.said
        seen.samples |= samples_of(watch.folder)
        seen.save(Path(os.environ.get("PLMS_SOAK_OUT", str(tmp_path))) / f"long-night-{speed:g}.json")
        return seen, read_journal(watch.folder.journal)[0]
    finally:
        watch.kill()
        amplifier.kill()


def check(seen: LongNight) -> None:
    first, last = seen.looks[len(seen.looks) // 4], seen.looks[-1]
    assert last.threads <= first.threads + 1
    assert last.files <= first.files + 2
    assert seen.slope_mb_per_h() < 5
    samples = seen.samples
    assert samples["on_disk"] == samples["footer"] >= samples["received"]
    # What is on disk is what was processed: the night is as long as its samples.
    assert samples["recorded_s"] == pytest.approx(samples["on_disk"] / RATE_HZ, abs=0.5)
    assert (samples["gaps"], samples["torn_bytes"]) == (0, 0)


def test_an_hour_in_real_time(tmp_path):
    seen, facts = night(tmp_path, 1, 61)
    check(seen)
    assert facts[-1].t > 3600
    first, last = seen.latency_ms[0], seen.latency_ms[-1]
    assert last["p99"] < 3 * first["p99"] + 20


def test_twelve_hours_in_a_quarter_of_an_hour(tmp_path):
    seen, facts = night(tmp_path, 60, 12.5)
    check(seen)
    assert facts[-1].t > 12 * 3600
    scored = subprocess.run(
        [
            sys.executable,
            "-m",
            "monitor",
            "score",
            "--json",
            "--out",
            str(tmp_path / "out"),
            *files(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(scored.stdout)


def files(tmp_path: Path) -> list[str]:
    return [str(path) for path in (tmp_path / "sessions").glob("*/recording.xdf")]
