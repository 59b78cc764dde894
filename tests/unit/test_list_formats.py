"""One night in the lists of all programs: each is read by all four ways, with the values of our table."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import edfio
import numpy as np
import pytest
from click.testing import CliRunner
from support.listed_nights import FORMS, LENGTH_S, MOVEMENTS, expected, tsv, write

from monitor import read_events
from monitor.cli.compare import compare
from monitor.cli.score import score
from monitor.cli.score_events import score_events
from monitor.scoring import Night

RATE_HZ = 200


def bare(night: Night) -> Night:
    """Remove the lines, and fix the order."""
    return replace(
        night,
        movements=tuple(sorted((replace(m, key="") for m in night.movements), key=repr)),
        respiratory=tuple(sorted(night.respiratory, key=repr)),
        arousals=tuple(sorted(night.arousals, key=repr)),
        epochs=tuple(sorted(night.epochs, key=lambda e: e.start_us)),
    )


def by_epoch(night: Night) -> list[str]:
    """Return the stage of each epoch: the lists may join equal ones."""
    at = range(15_000_000, LENGTH_S * 1_000_000, 30_000_000)
    return [next(e.stage for e in night.epochs if e.start_us <= t < e.end_us) for t in at]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of two legs, from 23:57:00 on."""
    rng = np.random.default_rng(3)
    emg = rng.normal(0, 2, (2, LENGTH_S * RATE_HZ))
    for onset_s, duration_s, leg in MOVEMENTS:
        first, last = (round(t * RATE_HZ) for t in (onset_s, onset_s + duration_s))
        emg[int(leg == "right"), first:last] *= 15
    signals = [
        edfio.EdfSignal(x, RATE_HZ, label=label, physical_dimension="uV", physical_range=(-400, 400))
        for label, x in zip(("EMG LAT", "EMG RAT"), emg, strict=True)
    ]
    path = tmp_path_factory.mktemp("night") / "night.edf"
    edfio.Edf(signals).write(path)
    data = bytearray(path.read_bytes())
    data[168:184] = b"20.11.2623.57.00"
    path.write_bytes(bytes(data))
    return path


def ran(command, *args: object) -> dict:
    result = CliRunner().invoke(command, [str(a) for a in args])
    assert result.exit_code == 0, result.stderr + repr(result.exception)
    return json.loads(result.stdout)


@pytest.mark.parametrize("form", FORMS)
def test_read_events(form: str, tmp_path: Path) -> None:
    reference = tmp_path / "reference.tsv"
    reference.write_text(tsv(expected(form)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read, ours = (bare(read_events(path)) for path in (write(form, tmp_path), reference))
    assert by_epoch(read) == by_epoch(ours)
    assert replace(read, epochs=()) == replace(ours, epochs=())


@pytest.mark.parametrize("form", FORMS)
def test_score_events_gives_the_values_of_our_table(form: str, tmp_path: Path) -> None:
    reference = tmp_path / "reference.tsv"
    reference.write_text(tsv(expected(form)))
    document = ran(score_events, write(form, tmp_path), "--json")
    assert document == ran(score_events, reference, "--json")
    if "events" in FORMS[form][2]:
        assert document["rules"]["aasm3"]["n_plms"] == 19
        assert document["rules"]["aasm3"]["n_plms_arousal"] == 2
    assert document["tst_h"] == pytest.approx(540 / 3600)


@pytest.mark.parametrize("form", FORMS)
def test_score_with_a_list_gives_the_values_of_our_table(form: str, recording: Path, tmp_path: Path) -> None:
    reference = tmp_path / "reference.tsv"
    reference.write_text(tsv(expected(form)))
    found, ours = (
        ran(score, recording, "--events", path, "--out", tmp_path / f"out{n}", "--json")
        for n, path in enumerate((write(form, tmp_path), reference))
    )
    assert found == ours
    assert found[0]["rules"]["aasm3"]["n_plms"] >= 17


@pytest.mark.parametrize("form", FORMS)
def test_compare_agrees_wholly_with_our_table(form: str, tmp_path: Path) -> None:
    reference = tmp_path / "reference.tsv"
    reference.write_text(tsv(expected(form)))
    (night,) = ran(compare, write(form, tmp_path), reference, "--json")["nights"]
    assert night["epochs"]["kappa_stage"] == 1.0
    if "events" in FORMS[form][2]:
        assert night["legs"]["any"]["f1"] == 1.0
        assert night["plm"]["f1"] == 1.0
    for values in night["rules"].values():
        assert values["n_plms"]["difference"] == 0
