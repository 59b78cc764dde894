"""Damaged or made-up input from outside: refused in words or read, never a crash, a hang, a growth."""

import json
import os
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fuzzing import run, targets

from monitor.model.labels import DEFAULT_LABELS
from monitor.session.markers import MarkerReader

NAMES = [
    "marker strings", "stream headers", "configuration", "event tables", "XML lists",
    "lists with times of day",
    "control messages", "sample counters", "journal lines", "journals", "XDF recordings", "own XDF, torn",
    "EDF recordings",
]  # fmt: skip


@pytest.fixture
def target(request, tmp_path):
    (made,) = [one for one in targets(tmp_path) if one.name == request.param]
    return made


def check(target, n, seed):
    with warnings.catch_warnings():
        # Libraries warn of what they then refuse.
        warnings.simplefilter("ignore")
        return run(target, n, seed)


@pytest.mark.parametrize("target", NAMES, indirect=True)
def test_damaged_input(target):
    found = check(target, target.in_short, 1)
    assert found["refused"] < found["inputs"], "all was refused: the seeds are no longer right"


@pytest.mark.soak
@pytest.mark.parametrize("target", NAMES, indirect=True)
def test_damaged_input_for_long(target, tmp_path):
    found = check(target, target.in_soak, 2)
    where = Path(os.environ.get("PLMS_SOAK_OUT", str(tmp_path)))
    (where / f"fuzz-{target.name.replace(' ', '-')}.json").write_text(json.dumps(found))
    assert found["inputs"] == target.in_soak
    assert found["slowest_ms"] < 5000
    assert found["grown_mb"] < 50


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60))
def test_any_text_as_a_marker(text):
    fact = MarkerReader(DEFAULT_LABELS).read(text, 1.0, "stager", 100.0)
    assert fact is not None
    assert fact.kind != "stop"
