"""The examples of README, guide and docstrings run and give what they say."""

import doctest
import importlib
import json
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
from support.recorded_sessions import record_night

import dsp
import monitor

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "monitor" / "guide"
BLOCKS = [
    (page.stem, code)
    for page in (ROOT / "README.md", *sorted(GUIDE.glob("*.md")))
    for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
]


def modules_with_examples():
    for package in (monitor, dsp):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            path = ROOT / Path(*found.name.split("."))
            source = path / "__init__.py" if found.ispkg else path.with_suffix(".py")
            if source.is_file() and ">>> " in source.read_text(encoding="utf-8"):
                yield found.name


@pytest.mark.parametrize("name", sorted(modules_with_examples()))
def test_the_examples_of_a_docstring_give_what_they_say(name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried > 0
    assert failed == 0


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    return record_night(
        tmp_path_factory.mktemp("night") / "2026-11-20T221500Z_bed-3", 200.0, gap=(60.0, 63.0)
    )


def test_the_guide_explains_every_key_of_the_summary(night):
    text = (GUIDE / "indices.md").read_text(encoding="utf-8") + (GUIDE / "staging.md").read_text(
        encoding="utf-8"
    )
    summary = json.loads((night.path / "summary.json").read_text())
    rules = summary["rules"]["wasm2016"]
    # The count of each rate and the mean durations have one row together.
    one_row = re.compile(r"n_\w+|\w+_duration_mean_s|version|rules|detail")
    keys = [key for each in (summary, rules, rules["detail"]) for key in each]
    assert len(keys) > 60
    assert [key for key in keys if not one_row.fullmatch(key) and f"`{key}`" not in text] == []


def test_readme_and_guide_have_examples():
    assert {page for page, _ in BLOCKS} >= {"README", "api"}


@pytest.mark.parametrize(("page", "code"), BLOCKS)
def test_the_examples_of_readme_and_guide_run(page, code, night, monkeypatch, capsys):
    monkeypatch.chdir(night.path.parent)
    exec(compile(code, page, "exec"), {})
    assert capsys.readouterr().out.strip()


def test_a_session_as_arrays(night):
    session = monitor.read_session(night.path)
    times_s, emg_uv = monitor.leg_signal(session, "right")
    assert len(times_s) == len(emg_uv) == 197 * 250
    assert np.diff(times_s).max() == pytest.approx(3.0, abs=0.05)
    table = monitor.movements_table(session.night)
    with (night.path / "movements.tsv").open() as file:
        rows = [line.split("\t") for line in file.read().splitlines()[1:]]
    long_enough = table["duration"] >= 0.5
    np.testing.assert_allclose(table["onset"][long_enough], [float(row[0]) for row in rows], atol=1e-6)
    events = monitor.events_table(session.main)
    assert events["plm"].sum() == session.main.indices.n_plm
    assert {len(column) for column in events.values()} == {len(session.main.lms)}


def test_arrays_give_what_the_recorder_found(night):
    session = monitor.read_session(night.path)
    grids = {leg: monitor.leg_signal(session, leg) for leg in ("left", "right")}
    signals = {}
    for leg, (times_s, emg_uv) in grids.items():
        signals[leg] = np.full(200 * 250, np.nan)
        signals[leg][np.rint(times_s * 250).astype(int)] = emg_uv
    again = monitor.movements_table(monitor.detect_movements(signals, 250.0))
    found = monitor.movements_table(session.night)
    np.testing.assert_array_equal(again["leg"], found["leg"])
    np.testing.assert_allclose(again["onset"], found["onset"], atol=0.01)


@pytest.mark.parametrize(
    "signals",
    [{}, {"arm": np.zeros(10)}, {"left": np.zeros(10), "right": np.zeros(11)}, {"left": np.zeros((2, 2))}],
)
def test_what_is_no_signal_is_refused(signals):
    with pytest.raises(ValueError, match="expected"):
        monitor.detect_movements(signals, 500.0)


def test_the_package_has_what_it_promises_and_nothing_by_accident():
    assert all(hasattr(monitor, name) for name in importlib.import_module("monitor.api").__all__)
    assert not hasattr(monitor, "np")
    with pytest.raises(ValueError, match="aasm3, wasm2016"):
        monitor.score_night(monitor.read_session, "aasm2")
