"""An archive on a Dask cluster that is there already: a worker dies, a file is bad, the run is repeated."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet
from support.waiting import wait_for
from support.watching import END_S, START_S, run

from monitor.archive.ledger import Ledger
from monitor.simulator.amplifier import AmplifierSettings
from monitor.simulator.file_output import write_edf

NIGHTS_N = 8


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> list[Path]:
    """Give one recording under many names, and one that is none."""
    folder = tmp_path_factory.mktemp("nights")
    first = folder / "n0.edf"
    write_edf(first, AmplifierSettings(seed=6, rate_hz=250.0, profile="demo", hours=0.05))
    files = [folder / f"n{k}.edf" for k in range(NIGHTS_N)]
    for file in files[1:]:
        file.write_bytes(first.read_bytes())
    files[3].write_bytes(b"0       cut off")
    return files


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers as processes; give its address and the workers."""
    contact, processes = tmp_path / "scheduler.json", []

    def start(*arguments: str) -> subprocess.Popen:
        with (tmp_path / f"dask-{len(processes)}.log").open("wb") as log:
            command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(contact)]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=tmp_path
            )
        processes.append(process)
        return process

    start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    wait_for(lambda: contact.exists() and contact.read_text().endswith("}"), "scheduler", START_S)
    workers = [start("worker", "--no-nanny", "--nthreads", "1", "--no-dashboard") for _ in range(2)]
    yield json.loads(contact.read_text())["address"], workers
    for process in reversed(processes):
        process.kill()
        process.wait(END_S)


def tables(folder: Path) -> dict[str, bytes]:
    """Read the tables of every night."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.glob("*/*")}


@pytest.mark.timeout(600)
def test_a_worker_that_dies_and_a_bad_file_cost_no_other_night(nights, cluster, tmp_path) -> None:
    address, workers = cluster
    assert address.startswith("tcp://")
    out, log = tmp_path / "out", tmp_path / "score.log"
    command = [sys.executable, "-m", "monitor", "score", *map(str, nights), "--out", str(out)]
    with log.open("wb") as said:
        scoring = subprocess.Popen([*command, "--scheduler", address], stdout=said, stderr=said)
    try:
        wait_for(lambda: list(Ledger(out)) or scoring.poll() is not None, "first night", START_S)
        workers[0].kill()
        assert scoring.wait(START_S) == 2, log.read_text()
    finally:
        scoring.kill()
        scoring.wait(END_S)
    alone = tmp_path / "alone"
    run("score", str(nights[0]), "--out", str(alone))
    once = tables(alone)
    found = tables(out)
    assert len(found) == 3 * (NIGHTS_N - 1)
    for name, data in found.items():
        assert data == once[f"n0/{Path(name).name}"], name
    assert f"{NIGHTS_N - 1} scored, 0 unchanged, 1 failed" in log.read_text()
    assert "Traceback" not in log.read_text()
    rows = parquet.read_table(out / "nights.parquet").to_pylist()
    assert [row["target"] for row in rows] == [f"n{k}" for k in range(NIGHTS_N)]
    assert [row["target"] for row in rows if row["error"]] == ["n3"]

    # Again, on processes of this machine: only what failed is tried, and what was touched.
    (out / "n5" / "events.tsv").unlink()
    again = run("score", *map(str, nights), "--out", str(out), "--workers", "1", "--json")
    assert again.returncode == 2
    assert f"1 scored, {NIGHTS_N - 2} unchanged, 1 failed" in again.stderr
    assert [Path(one["file"]).stem for one in json.loads(again.stdout)] == [
        f"n{k}" for k in range(NIGHTS_N) if k != 3
    ]
    assert tables(out) == found
