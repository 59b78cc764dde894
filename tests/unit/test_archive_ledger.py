"""The books of an archive: the ledger, the table of all nights, what is said when something is missing."""

from __future__ import annotations

import importlib.util
import json
import stat

import pytest
from pyarrow import parquet

from monitor.archive.cluster import Where, require_packages, spread
from monitor.archive.ledger import LEDGER_NAME, Entry, Fingerprint, Ledger
from monitor.archive.table import write_results_table
from monitor.cli import score_archive
from monitor.cli.score_archive import work
from monitor.model.config import load_config
from monitor.model.errors import InputError, MissingError
from monitor.model.rules import PROFILES
from monitor.score_recording import Job, Outcome
from monitor.scoring.summary import TABLE

PRINT = Fingerprint("in", "config", "1.0", "out")


def entries(folder) -> list[Entry]:
    return list(Ledger(folder))


def test_the_latest_word_on_a_night_stands_and_a_torn_line_is_passed_over(tmp_path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(Entry("b.edf", "b", None, "bad"))
    ledger.add(Entry("a.edf", "a", PRINT))
    ledger.add(Entry("b.edf", "b", PRINT))
    path = tmp_path / LEDGER_NAME
    whole = [Entry("a.edf", "a", PRINT), Entry("b.edf", "b", PRINT)]
    assert entries(tmp_path) == whole
    data = path.read_bytes()
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        torn = Ledger(tmp_path)
        torn.add(Entry("c.edf", "c", PRINT))
        found = entries(tmp_path)
        assert found[-1] == Entry("c.edf", "c", PRINT), f"cut at byte {cut}"
        assert set(found[:-1]) <= {*whole, Entry("b.edf", "b", None, "bad")}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("changed", ["list", "recording", "configuration", "tables", "nothing"])
def test_a_night_is_scored_again_only_if_something_has_changed(tmp_path, monkeypatch, changed) -> None:
    scored = []

    def outcome_of(job, config):
        scored.append(job.file)
        job.target.mkdir(exist_ok=True)
        for name in ("movements.tsv", "events.tsv", "summary.json"):
            (job.target / name).write_text("{}")
        return Outcome({}, ())

    monkeypatch.setattr(score_archive, "outcome_of", outcome_of)
    recording, listed = tmp_path / "x.edf", tmp_path / "x_events.tsv"
    recording.write_text("signal")
    listed.write_text("stages")
    job, config = Job(recording, tmp_path / "x", listed), load_config("default")
    first = work(job, config, None)
    if changed == "list":
        listed.write_text("other stages")
    elif changed == "recording":
        recording.write_text("other signal")
    elif changed == "configuration":
        config = config.with_main_profile("wasm2016")
    elif changed == "tables":
        (tmp_path / "x" / "events.tsv").write_text("by hand")
    second = work(job, config, first.fingerprint)
    assert second.was_done == (changed == "nothing")
    assert len(scored) == (1 if changed == "nothing" else 2)
    assert second.outcome.summary == {}


def test_the_table_has_a_row_for_every_recording_and_a_column_for_every_index(tmp_path) -> None:
    rules = {name: dict.fromkeys(TABLE) | {"n_plms": 7, "plms_index": 1.5} for name in PROFILES}
    hours = dict.fromkeys(("tib_h", "tst_h", "wake_h", "one_leg_only_h", "any_usable_h"), 4.0)
    summary = {"version": "1.0", "config_sha256": "c", "main_profile": "aasm3", "recording_h": 8.0} | hours
    (tmp_path / "in").mkdir()
    whole = summary | {"rules": rules, "usable_h": {"left": 8.0, "right": 7.5}}
    (tmp_path / "in" / "summary.json").write_text(json.dumps(whole))
    listed = [Entry("a.edf", "in", PRINT), Entry("b.edf", "b", None, "bad"), Entry("c.edf", "gone", PRINT)]
    assert write_results_table(tmp_path, listed) == 3
    good, bad, gone = parquet.read_table(tmp_path / "nights.parquet").to_pylist()
    assert (good["file"], good["error"], good["input_sha256"]) == ("a.edf", None, "in")
    assert (good["recording_h"], good["usable_right_h"]) == (8.0, 7.5)
    assert (good["wasm2016.n_plms"], good["aasm3.plms_index"], good["aasm3.n_plmw"]) == (7, 1.5, None)
    assert (bad["error"], bad["recording_h"]) == ("bad", None)
    assert "cannot be read" in gone["error"]
    assert stat.S_IMODE((tmp_path / "nights.parquet").stat().st_mode) == 0o600


def test_what_is_not_installed_is_named_with_the_remedy(monkeypatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pyarrow" else find(name))
    with pytest.raises(
        MissingError, match=r"needs pyarrow, which is not installed.*plms-monitor guide archive"
    ):
        require_packages()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="--scheduler: 'nonsense://x' is not a valid address"):
        next(spread(print, [()], Where(scheduler="nonsense://x", connect_s=1), "1"))
    with pytest.raises(MissingError, match=r"No Dask scheduler responds at tcp://127.0.0.1:9"):
        next(spread(print, [()], Where(scheduler="tcp://127.0.0.1:9", connect_s=1), "1"))
