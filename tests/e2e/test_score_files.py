"""The command ``score`` on files: lists beside them, several at once, one of them bad."""

from __future__ import annotations

import json
import pty
import subprocess
import sys
from os import close, read
from pathlib import Path
from threading import Thread

import edfio
import pytest
from click.testing import CliRunner

from monitor.cli.score import score
from monitor.model.errors import InputError
from monitor.simulator.amplifier import AmplifierSettings
from monitor.simulator.file_output import write_edf

LENGTH_S = 240


@pytest.fixture(scope="module")
def night(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("night") / "night.edf"
    write_edf(path, AmplifierSettings(seed=5, rate_hz=250.0, profile="demo", hours=LENGTH_S / 3600))
    return path


@pytest.fixture(scope="module")
def bare(night, tmp_path_factory) -> Path:
    """Hold the same signal without annotations."""
    path = tmp_path_factory.mktemp("bare") / "bare.edf"
    edfio.Edf(edfio.read_edf(night).signals, data_record_duration=1).write(path)
    return path


def copied(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())
    return target


def table(path: Path, *rows: str) -> Path:
    text = "onset\tduration\ttrial_type\n" + "".join(row.replace(" ", "\t") + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def run(*args: object, code: int = 0):
    result = CliRunner().invoke(score, [str(arg) for arg in args])
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == code, result.stderr + repr(result.exception)
    return result


def summaries(*args: object, code: int = 0) -> list[dict]:
    return json.loads(run(*args, "--json", code=code).stdout)


def onsets(folder: Path) -> list[str]:
    return (folder / "movements.tsv").read_text(encoding="utf-8").splitlines()


@pytest.mark.smoke
def test_without_a_list_the_annotations_of_the_recording_speak(night, tmp_path) -> None:
    (found,) = summaries(night, "--out", tmp_path)
    assert found["file"] == str(night)
    assert found["tst_h"] is not None
    assert found["recording_h"] == pytest.approx(LENGTH_S / 3600, abs=1e-4)
    assert sorted(p.name for p in (tmp_path / "night").iterdir()) == [
        "events.tsv", "movements.tsv", "summary.json",
    ]  # fmt: skip
    assert len(onsets(tmp_path / "night")) > 4


def test_a_list_takes_the_place_of_the_annotations(night, tmp_path) -> None:
    listed = table(
        tmp_path / "scored.tsv",
        "0 60 W", "60 90 N2", "150 30 R", "70 2 LM_left", "0 0 lights_off", "200 5 artifact", "9 1 snore",
        "900 30 N2",
    )  # fmt: skip
    plain = run(night, "--out", tmp_path / "a")
    result = run(night, "--out", tmp_path / "b", "--events", listed, "--json")
    (found,) = json.loads(result.stdout)
    assert found["tst_h"] == pytest.approx(120 / 3600)
    assert found["wake_h"] == pytest.approx(60 / 3600, abs=21 / 3600)
    assert onsets(tmp_path / "a" / "night") == onsets(tmp_path / "b" / "night")
    # Beside a signal an artifact is time in which no leg is usable.
    assert found["any_usable_h"] < summaries(night, "--out", tmp_path / "c")[0]["any_usable_h"] - 4.9 / 3600
    for words in (
        f"stages and events read from {listed}",
        "1 leg movement (detected in the signal instead)",
        "1 x 'snore' (unknown type)",
        "scored.tsv: 1 of 6 events after the end of the recording",
    ):
        assert words in result.stderr
        assert words not in plain.stderr


def test_a_list_in_another_form_and_the_one_beside_the_file_score_the_same(bare, tmp_path) -> None:
    file = copied(bare, tmp_path / "x.edf")
    (without,) = summaries(file, "--out", tmp_path / "a")
    assert without["tst_h"] is None
    stages = "".join("<SleepStage>2</SleepStage>" for _ in range(8))
    xml = tmp_path / "x.xml"
    xml.write_text(f"<CMPStudyConfig><SleepStages>{stages}</SleepStages></CMPStudyConfig>", encoding="utf-8")
    (by_xml,) = summaries(file, "--out", tmp_path / "b", "--events", xml)
    table(tmp_path / "x_events.tsv", *(f"{30 * i} 30 N2" for i in range(8)))
    (beside,) = summaries(file, "--out", tmp_path / "c")
    assert by_xml == beside
    assert beside["tst_h"] > 200 / 3600
    for name in ("movements.tsv", "events.tsv", "summary.json"):
        assert (tmp_path / "b" / "x" / name).read_bytes() == (tmp_path / "c" / "x" / name).read_bytes()


def test_a_list_of_times_of_day_counts_from_the_recording_s_start(bare, tmp_path) -> None:
    data = bytearray(bare.read_bytes())
    data[168:184] = b"20.11.2622.00.00"
    file = tmp_path / "x.edf"
    file.write_bytes(data)
    csv = tmp_path / "x.csv"
    rows = "Start Time,End Time,Event\n20/11/2026 22:01:00,20/11/2026 22:03:00,N2\n"
    csv.write_text(rows, encoding="utf-8")
    (found,) = summaries(file, "--out", tmp_path, "--events", csv)
    assert found["tst_h"] == pytest.approx(120 / 3600)
    csv.write_text(rows.replace("20/11", "22/11"), encoding="utf-8")
    refused = run(file, "--out", tmp_path, "--events", csv, code=2)
    assert "begins at 2026-11-22 22:01:00, the recording at 2026-11-20 22:00:00" in refused.stderr


def test_a_span_told_by_its_two_ends_is_one_span(bare, tmp_path) -> None:
    file = tmp_path / "x.edf"
    annotations = [edfio.EdfAnnotation(30.0 * i, 30.0, "N2") for i in range(8)]
    annotations += [
        edfio.EdfAnnotation(100.0, None, "artifact/start"),
        edfio.EdfAnnotation(110, None, "artifact/end"),
    ]
    edfio.Edf(edfio.read_edf(bare).signals, annotations=annotations, data_record_duration=1).write(file)
    (found,) = summaries(file, "--out", tmp_path)
    (whole,) = summaries(
        bare,
        "--out",
        tmp_path,
        "--events",
        table(tmp_path / "n2.tsv", *(f"{30 * i} 30 N2" for i in range(8))),
    )
    assert whole["tst_h"] - found["tst_h"] == pytest.approx(10 / 3600)


def test_one_list_serves_one_file(night, tmp_path) -> None:
    with pytest.raises(InputError, match="--events: applies to one FILE, 2 were given"):
        run(night, night, "--out", tmp_path, "--events", tmp_path / "x.tsv")


def test_a_bad_list_is_the_error_of_its_file(night, bare, tmp_path) -> None:
    good, bad = copied(bare, tmp_path / "in" / "good.edf"), copied(bare, tmp_path / "in" / "bad.edf")
    listed = table(tmp_path / "in" / "bad_events.tsv", "0 30 N2", "15 30 W")
    result = run(bad, good, "--out", tmp_path, "--json", code=2)
    assert [one["file"] for one in json.loads(result.stdout)] == [str(good)]
    assert f"plms-monitor: {bad}: {listed}, line 3, column 'onset': stage 'W' overlaps" in result.stderr
    assert not (tmp_path / "bad").exists()


def test_equal_stems_are_told_apart_by_their_folders_or_refused(bare, tmp_path) -> None:
    one = copied(bare, tmp_path / "in" / "ward-1" / "n1" / "x.edf")
    two = copied(bare, tmp_path / "in" / "ward-2" / "X.edf")
    other = copied(bare, tmp_path / "in" / "y.edf")
    out = tmp_path / "out"
    run(one, two, other, "--out", out)
    assert sorted(str(p.parent.relative_to(out)) for p in out.rglob("summary.json")) == [
        "ward-1/n1/x", "ward-2/X", "y",
    ]  # fmt: skip
    with pytest.raises(InputError, match="several files have the output folder"):
        run(one, one, "--out", out)
    with pytest.raises(InputError, match="several files have the output folder"):
        run(one, one.with_suffix(".xdf"), other, "--out", out)


def test_workers_give_the_same_in_the_order_given_and_a_bad_file_stops_nothing(bare, tmp_path) -> None:
    files = [copied(bare, tmp_path / "in" / f"{name}.edf") for name in "cab"]
    files[1].write_bytes(b"0       cut off")
    table(tmp_path / "in" / "b_events.tsv", *(f"{30 * i} 30 N2" for i in range(8)))
    alone = summaries(*files, "--out", tmp_path / "alone", code=2)
    command = [sys.executable, "-m", "monitor", "score", *map(str, files), "--json", "--workers", "2"]
    result = subprocess.run(
        [*command, "--out", str(tmp_path / "many")], capture_output=True, text=True, timeout=100, check=False
    )
    assert result.returncode == 2, result.stderr
    many = json.loads(result.stdout)
    assert many == alone
    assert [Path(one["file"]).stem for one in many] == ["c", "b"]
    assert f"plms-monitor: {files[1]}: " in result.stderr
    assert "Traceback" not in result.stderr


def test_early_rates_are_counts(night, bare, tmp_path) -> None:
    told = run(night, "--out", tmp_path).stdout
    assert told.count("PLMS (too early for a rate)") == 2
    told = run(bare, "--out", tmp_path).stdout
    assert told.count("PLM (too early for a rate; no PLMS index: no stages yet)") == 2
    assert "per hour" not in told


def test_progress_is_shown_on_a_terminal_only(bare, tmp_path) -> None:
    assert "%" not in run(bare, "--out", tmp_path).stderr
    try:
        terminal, end = pty.openpty()
    except OSError as error:
        pytest.skip(f"no pseudo-terminal on this machine: {error}")
    shown: list[bytes] = []

    def listen() -> None:
        while True:
            try:
                part = read(terminal, 4096)
            except OSError:  # what a pseudo-terminal says when its other end is closed
                return
            if not part:
                return
            shown.append(part)

    listener = Thread(target=listen)
    listener.start()
    command = [sys.executable, "-m", "monitor", "score", str(bare), "--out", str(tmp_path)]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=end, timeout=100, check=False).returncode
    close(end)
    listener.join(10)
    close(terminal)
    text = b"".join(shown).decode()
    assert code == 0
    percents = [int(part.split()[1]) for part in text.split("\r\x1b[K") if part.endswith("%")]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert len(percents) > 3
