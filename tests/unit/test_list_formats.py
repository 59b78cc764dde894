"""One night in the lists of all programs: each is read by all four ways, with the values of our table."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
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


@pytest.fixture(scope="module")
def scored(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict]:
    """Score the recording with one of our tables, each table once."""

    @cache
    def with_table(text: str) -> dict:
        place = tmp_path_factory.mktemp("table")
        (place / "table.tsv").write_text(text)
        return ran(score, recording, "--events", place / "table.tsv", "--out", place / "out", "--json")

    return with_table


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
def test_score_with_a_list_gives_the_values_of_our_table(
    form: str, recording: Path, scored: Callable[[str], dict], tmp_path: Path
) -> None:
    found = ran(score, recording, "--events", write(form, tmp_path), "--out", tmp_path / "out", "--json")
    assert found == scored(tsv(expected(form)))
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


ANNOTATED = {
    "epochs of 20 s": [(20.0 * i, 20.0, "Sleep stage N2") for i in range(30)],
    "words of another program": [(30.0 * i, 30.0, "NREM2") for i in range(20)],
    "one long stage": [(0.0, 600.0, "SLEEP-S2")],
    "points": [(30.0 * i, None, "Sleep stage N2") for i in range(20)],
    "overlaps by rounding, and one stated twice": [
        *((round(29.999 * i, 3), 30.0, "Sleep stage N2") for i in range(20)),
        (0.0, 30.0, "Sleep stage N2"),
    ],
    "epochs before the start": [(30.0 * i, 30.0, "Sleep stage N2") for i in range(-1, 20)],
    "numbers for every epoch": [(30.0 * i, 30.0, "2") for i in range(20)],
}


@pytest.mark.parametrize("kind", ANNOTATED)
def test_the_annotations_of_a_recording_are_read_like_a_list(
    kind: str, recording: Path, tmp_path: Path
) -> None:
    signals = edfio.read_edf(recording).signals
    events = [*ANNOTATED[kind], (114.0, None, "EEG arousal"), (400.0, 0.0, "Hypopnea")]
    path = tmp_path / "own.edf"
    edfio.Edf(signals, annotations=[edfio.EdfAnnotation(*one) for one in events]).write(path)
    (own,) = ran(score, path, "--out", tmp_path / "own", "--json")
    (listed,) = ran(score, path, "--events", path, "--out", tmp_path / "listed", "--json")
    for rules in own["rules"]:
        for key in ("n_plms", "n_plms_arousal", "n_plmsnr"):
            assert own["rules"][rules][key] == listed["rules"][rules][key]
    assert own["tst_h"] == pytest.approx(listed["tst_h"], abs=1e-4)
    assert own["tst_h"] > 0.15
    assert own["rules"]["wasm2016"]["n_plms_arousal"] == 1


def test_trigger_codes_of_a_recording_are_no_stages(recording: Path, tmp_path: Path) -> None:
    codes = (200, 31, 1, 2, 2, 5, 31, 200, 2, 2, 1, 31, 222, 2, 2, 2, 5, 5, 31)
    events = [edfio.EdfAnnotation(20.0 + 30 * i, None, str(code)) for i, code in enumerate(codes)]
    path = tmp_path / "trigger.edf"
    edfio.Edf(edfio.read_edf(recording).signals, annotations=events).write(path)
    result = CliRunner().invoke(score, [str(path), "--out", str(tmp_path / "out"), "--json"])
    assert json.loads(result.stdout)[0]["tst_h"] is None
    assert "ignored: 19 annotations that are numbers (1, 2, 5, 31, 200, 222)" in result.stderr
    (told,) = ran(score, path, "--out", tmp_path / "out", "--stages", "numeric", "--json")
    assert told["tst_h"] > 0
