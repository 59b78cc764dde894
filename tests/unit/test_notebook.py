"""What somebody in a notebook expects: MNE, data frames, switches by name, plots, short texts, many files."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import edfio
import numpy as np
import pytest
from support.recorded_sessions import record_night

import monitor
from monitor import (
    detect_movements,
    events_table,
    join_nights,
    movements_table,
    plot_movement,
    plot_night,
    read_events,
    read_recording,
    read_session,
    score_files,
    score_night,
)
from monitor.model.errors import InputError, MissingError
from monitor.scoring import Epoch, Night, Span

RATE_HZ = 500
ONSETS_S = (20, 45, 70, 95, 120)
S = 1_000_000


@pytest.fixture(scope="module")
def emg_uv() -> np.ndarray:
    values = np.random.default_rng(1).normal(0.0, 2.0, (2, 150 * RATE_HZ))
    for onset_s in ONSETS_S:
        values[0, onset_s * RATE_HZ : (onset_s + 2) * RATE_HZ] *= 15
    return values


@pytest.fixture(scope="module")
def night(emg_uv) -> Night:
    return detect_movements({"left": emg_uv[0], "right": emg_uv[1]}, RATE_HZ)


def test_an_mne_raw_gives_the_movements_of_the_arrays(emg_uv, night) -> None:
    mne = pytest.importorskip("mne")
    info = mne.create_info(["EMG LAT", "EMG RAT", "C3"], RATE_HZ, ["emg", "emg", "eeg"])
    raw = mne.io.RawArray(np.vstack([emg_uv, emg_uv[:1]]) / 1e6, info, verbose="error")
    found = detect_movements(raw)
    assert [(m.leg, m.onset_us, m.end_us) for m in found.movements] == [
        (m.leg, m.onset_us, m.end_us) for m in night.movements
    ]
    assert len(detect_movements(raw, left="C3").movements) == len(ONSETS_S)
    with pytest.raises(ValueError, match="left = 'C4' is not a channel: expected one of EMG LAT"):
        detect_movements(raw, left="C4")


class Frame:
    """A data frame as far as the functions use one; pandas itself is tested where it is installed."""

    def __init__(self, columns: dict[str, np.ndarray], index: np.ndarray) -> None:
        self.columns, self.index = list(columns), index
        self._values = list(columns.values())
        self.iloc = self

    def __getitem__(self, place):
        return SimpleNamespace(to_numpy=lambda: self._values[place[1]])

    def to_numpy(self) -> np.ndarray:
        return np.stack(self._values, axis=1)


def test_a_data_frame_gives_the_movements_of_the_arrays(emg_uv, night) -> None:
    n = emg_uv.shape[1]
    for index in (
        np.arange(n) / RATE_HZ,
        (np.arange(n) * 2_000_000).astype("timedelta64[ns]"),
        np.datetime64("2026-11-20T22:00:00", "ns") + (np.arange(n) * 2_000_000).astype("timedelta64[ns]"),
    ):
        frame = Frame({"LAT": emg_uv[0], "RAT": emg_uv[1]}, index)
        assert detect_movements(frame).movements == night.movements
    frame = Frame({"left": emg_uv[0], "x": emg_uv[1]}, np.arange(n))
    assert len(detect_movements(frame, RATE_HZ).movements) == len(ONSETS_S)
    with pytest.raises(ValueError, match="rate_hz is missing"):
        detect_movements(frame)
    with pytest.raises(ValueError, match="no channel names a leg"):
        detect_movements(Frame({"a": emg_uv[0]}, np.arange(n) / RATE_HZ))


def test_pandas_itself(emg_uv, night) -> None:
    pandas = pytest.importorskip("pandas")
    index = pandas.to_timedelta(np.arange(emg_uv.shape[1]) / RATE_HZ, unit="s")
    frame = pandas.DataFrame({"LAT": emg_uv[0], "RAT": emg_uv[1]}, index=index)
    assert detect_movements(frame).movements == night.movements
    table = night.to_dataframe()
    assert list(table.columns) == ["onset", "duration", "leg", "peak_uv", "resting_uv"]
    assert table["onset"].round().tolist() == list(ONSETS_S)
    scored = score_night(table, stages=pandas.DataFrame({"onset": [0], "duration": [150], "stage": ["N2"]}))
    assert scored.to_dataframe()["plm"].sum() == len(ONSETS_S)


def test_wrong_signals_say_what_was_expected(emg_uv) -> None:
    with pytest.raises(ValueError, match="rate_hz is missing"):
        detect_movements({"left": emg_uv[0]})
    with pytest.raises(ValueError, match="signals are a ndarray: expected a dict of arrays, an MNE Raw"):
        detect_movements(emg_uv, RATE_HZ)
    with pytest.raises(ValueError, match=r"has the keys \['Left'\]: expected left, right or both"):
        detect_movements({"Left": emg_uv[0]}, RATE_HZ)


@pytest.mark.parametrize(
    "stages",
    [
        ["N2"] * 5,
        [2] * 5,
        np.full(5, 2),
        {"onset": [0.0], "duration": [150.0], "description": ["Sleep stage N2"]},
        SimpleNamespace(onset=np.array([0.0]), duration=np.array([150.0]), description=np.array(["N2"])),
        Night(epochs=(Epoch(0, 150 * S, "N2"),), end_us=150 * S),
    ],
)
def test_stages_of_any_source(night, stages) -> None:
    found = score_night(night, stages=stages).indices
    assert found.n_plms == len(ONSETS_S)
    assert found.plms_index is not None


def test_a_list_file_gives_stages(night, tmp_path: Path) -> None:
    (tmp_path / "hypno.txt").write_text("N2\nN2\nW\nW\nW\n")
    assert score_night(night, stages=tmp_path / "hypno.txt").indices.n_lm == 2
    assert score_night(night, "wasm2016", stages=str(tmp_path / "hypno.txt")).indices.n_plms == 2


def test_switches_by_name_change_the_score(night) -> None:
    assert score_night(night, imi_max_s=20).indices.n_plm == 0
    assert score_night(night, imi_max_us=20 * S).indices.n_plm == 0
    assert score_night(night, rules="wasm2016", series_min_n=6).indices.n_plm == 0
    with pytest.raises(ValueError, match=r"'imi_max' is not a switch of the rules: .*imi_max_s"):
        score_night(night, imi_max=20)
    with pytest.raises(ValueError, match="series_min_n = 1: expected at least 2"):
        score_night(night, series_min_n=1)
    with pytest.raises(ValueError, match="rules = 'aasm4': expected one of aasm3, wasm2016"):
        score_night(night, rules="aasm4")


def test_a_table_of_movements_is_scored(night) -> None:
    table = movements_table(night)
    assert score_night(table).indices.n_plm == len(ONSETS_S)
    with pytest.raises(ValueError, match="a table with onset, duration and leg"):
        score_night([1, 2, 3])


def test_options_of_a_list(tmp_path: Path) -> None:
    path = tmp_path / "night.csv"
    path.write_text("time,duration,event\n23:30:00,2,Bein\n23:31:00,1,1\n")
    night = read_events(path, label="Bein=LM_left", stages="numeric", start="2026-11-20 23:29:00")
    assert [m.onset_us for m in night.movements] == [60 * S]
    assert len(night.epochs) == 1
    with pytest.raises(ValueError, match="'labels' is not an option of a list: expected label, stages"):
        read_events(path, labels="x")
    with pytest.warns(UserWarning, match="the start of the recording is unknown"):
        read_events(path, label=["Bein=LM_left"], stages="numeric")


def test_two_parts_of_a_night_are_joined(night) -> None:
    stages = ["N2"] * 5
    staged = Night(**{**{f: getattr(night, f) for f in night.__slots__}, "epochs": _epochs(stages)})
    joined = join_nights(staged, staged, gap_s=60)
    assert joined.end_us == 2 * night.end_us + 60 * S
    assert [m.onset_us for m in joined.movements][5:] == [m.onset_us + 210 * S for m in night.movements]
    assert Span(150 * S, 210 * S, "between the parts") in joined.unusable["left"]
    one, both = score_night(staged), score_night(joined)
    assert both.indices.n_plms == 2 * one.indices.n_plms
    assert both.denominators.tst_us == 2 * one.denominators.tst_us
    with pytest.raises(ValueError, match="gap_s = -1"):
        join_nights(night, night, -1)
    with pytest.raises(ValueError, match="the legs are"):
        join_nights(night, Night(legs=("left",)))


def _epochs(stages: list[str]) -> tuple[Epoch, ...]:
    return tuple(Epoch(30 * i * S, 30 * (i + 1) * S, s) for i, s in enumerate(stages))


@pytest.fixture(scope="module")
def session_path(tmp_path_factory) -> Path:
    return record_night(tmp_path_factory.mktemp("night") / "2026-11-20T221500Z_bed-3", 120.0).path


def test_texts_fit_on_a_screen(night, session_path, tmp_path: Path) -> None:
    signals = [edfio.EdfSignal(np.arange(100.0), 100, label=f"ch {i}") for i in range(90)]
    annotations = [edfio.EdfAnnotation(0, 30, "Sleep stage N2") for _ in range(1000)]
    edfio.Edf(signals, annotations=annotations).write(tmp_path / "night.edf")
    session = read_session(str(session_path))
    for shown in (read_recording(tmp_path / "night.edf"), night, score_night(night), session, session.main):
        text = repr(shown)
        assert len(text) < 1000, text
        assert max(map(len, text.splitlines())) < 200
    assert repr(night) == (
        "<Night of 0.04 h: 5 movements (5 left, 0 right, 0 unknown), 0 staged spans, 0 respiratory events, "
        "0 arousals, 0 artifacts>"
    )


def test_plots(night, emg_uv, session_path, tmp_path: Path) -> None:
    session = read_session(session_path)
    figures = [plot_night(session), plot_night(night), plot_night(score_night(night))]
    assert [len(figure.axes) for figure in figures] == [3, 2, 2]
    movement = night.movements[0]
    figures.append(plot_movement({"left": emg_uv[0]}, movement, RATE_HZ, around_s=3))
    (axes,) = figures[-1].axes
    assert axes.get_xlim() == pytest.approx((movement.onset_us / 1e6 - 3, movement.end_us / 1e6 + 3))
    line = axes.lines[0]
    assert np.abs(line.get_ydata()).max() > 20
    figures.append(plot_movement(session, session.main.lms[0]))
    assert len(figures[-1].axes) == 2
    for number, figure in enumerate(figures):
        figure.savefig(tmp_path / f"{number}.png")
    with pytest.raises(ValueError, match="expected a Session, Night or Score"):
        plot_night(1)


def test_a_data_frame_without_pandas_names_the_package(night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingError, match="pip install pandas"):
        night.to_dataframe()
    made = SimpleNamespace(DataFrame=dict)
    monkeypatch.setitem(sys.modules, "pandas", made)
    assert list(score_night(night).to_dataframe()) == list(events_table(score_night(night)))


def test_a_folder_is_scored_with_a_bar(
    emg_uv, tmp_path: Path, capfd, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals = [
        edfio.EdfSignal(x, RATE_HZ, label=label, physical_dimension="uV", physical_range=(-200, 200))
        for x, label in zip(emg_uv, ("LAT", "RAT"), strict=True)
    ]
    (tmp_path / "below").mkdir()
    for name in ("a.edf", "below/a.edf"):
        edfio.Edf(signals).write(tmp_path / name)
    (tmp_path / "a_events.tsv").write_text("onset\tduration\ttrial_type\n0\t150\tN2\n")
    (tmp_path / "broken.edf").write_text("no recording")
    batch = score_files(tmp_path, tmp_path / "out")
    assert "3/3" in capfd.readouterr().err
    assert [one["file"] for one in batch.summaries] == ["a.edf", "below/a.edf"]
    assert [one["rules"]["aasm3"]["n_plms"] for one in batch.summaries] == [5, None]
    assert list(batch.errors) == ["broken.edf"]
    assert repr(batch) == "<Batch: 2 recordings scored, 1 failed (broken.edf)>"
    assert (tmp_path / "out" / "below" / "a" / "summary.json").is_file()
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=dict))
    frame = batch.to_dataframe()
    assert frame["file"] == ["a.edf", "below/a.edf", "broken.edf"]
    assert frame["n_plms_aasm3"] == [5, None, None]
    assert score_files([tmp_path / "a.edf"], progress=False).summaries[0]["file"] == "a.edf"
    with pytest.raises(InputError, match="contains no recording"):
        score_files(tmp_path / "out", progress=False)


def test_every_public_function_has_an_example() -> None:
    api = monitor.api
    for name in api.__all__:
        assert ">>> " in (getattr(api, name).__doc__ or ""), name
