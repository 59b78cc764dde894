"""A file without a session in the window: scored meanwhile, the same numbers as `score`, nothing to enter."""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from support.edf_files import EEG_HZ, LEG_HZ, scored_edf
from support.windows import LATE_MS

from monitor.dashboard import texts
from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.signal.page_sources import FilePages
from monitor.dashboard.signal.scrollback import Scrollback
from monitor.dashboard.viewmodel.file_review import FileReview
from monitor.dashboard.viewmodel.keys import KEYS, split
from monitor.dashboard.viewmodel.recorder_client import RecorderClient
from monitor.files import read_recording
from monitor.model.config import load_config, rules_from
from monitor.model.facts import Fact
from monitor.review_recording import send_scoring
from monitor.score_recording import Job, OpenedRecording, score_file
from monitor.scoring import score
from monitor.scoring.tables import events_tsv, movements_tsv
from monitor.session.folder import SessionFolder
from monitor.session.journal import decode
from monitor.session.scoring_pipe import ScoringFollower, ScoringSender
from monitor.session.tables import summary_of
from monitor.session.xdf import XdfWriter

ENTRIES = {
    *("note", "note-here", "lights", "stage", "segment", "judge", "artifact", "undo", "redo", "calibrate"),
    *("sit", "author", "sign", "report", "finish"),
}


def quiet(_line: str) -> None:
    """Messages for the terminal."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scored_edf(tmp_path_factory.mktemp("file") / "night.edf")


@pytest.fixture(scope="module")
def scored(file: Path) -> bytes:
    """What the command sends to the window."""
    sent = io.BytesIO()
    config, job = load_config(), Job(file, file.parent)
    send_scoring(OpenedRecording.of(job, config, quiet), job, config, ScoringSender(sent), quiet)
    return sent.getvalue()


class Opened:
    """A window on a file, and the end of the pipe through which its scoring comes."""

    def __init__(self, file: Path) -> None:
        fd, written = os.pipe()
        self.pipe = os.fdopen(written, "wb")
        review = FileReview(file, ScoringFollower(fd))
        self.window = DashboardWindow(SessionFolder(file), file=review)
        self.window.resize(1920, 1080)
        self.window.show()
        self.window.start()

    @property
    def phase(self) -> str:
        screen = self.window.screen_view
        return "" if screen is None else screen.top.phase

    def send(self, data: bytes) -> None:
        """Write in a thread: a pipe holds less than a night."""
        threading.Thread(target=self._write, args=(data,), daemon=True).start()

    def _write(self, data: bytes) -> None:
        self.pipe.write(data)
        self.pipe.flush()


@pytest.fixture
def opened(qtbot: QtBot, file: Path) -> Iterator[Opened]:
    made = Opened(file)
    yield made
    made.pipe.close()
    made.window.close()
    made.window.deleteLater()


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=LATE_MS)


def begin_of(scored: bytes) -> bytes:
    """Return what is known before the scoring."""
    return scored[: scored.index(b'{"share"')]


def facts_of(scored: bytes) -> list[Fact]:
    """Return the facts after the scoring."""
    lines = scored.splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if line.startswith(b'{"facts"'))
    return [decode(line) for line in lines[last + 1 :]]


def test_signal_at_once_and_no_number_before_the_whole_file_is_scored(
    opened: Opened, scored: bytes, qtbot: QtBot
) -> None:
    window = opened.window
    opened.send(begin_of(scored) + b'{"share": 0.43}\n')
    until(qtbot, lambda: opened.phase == "scoring" and "43%" in window.screen_view.index.value)
    until(qtbot, lambda: bool(window.live.sweep.lanes) and window.live.sweep.lanes[0].traces is not None)
    screen = window.screen_view
    assert (screen.tonight, screen.index.rules, screen.series.n) == ((), (), "–")
    assert screen.top.recorded_s == 300.0
    window.act("summary")
    assert window.pages.summary.frame.isHidden()
    opened.send(scored[len(begin_of(scored)) :])
    until(qtbot, lambda: opened.phase == "scored")
    assert window.screen_view.index.count == 10
    # The first page with a movement, as in a session.
    until(qtbot, lambda: window.review.window_s == (60.0, 90.0))


def test_numbers_and_tables_are_those_of_score(
    opened: Opened, scored: bytes, file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    summary = score_file(Job(file, tmp_path / "out"), load_config(), quiet)
    opened.send(scored)
    until(qtbot, lambda: opened.phase == "scored")
    opened.window.close()
    state, main = opened.window.feed.presenter.state, opened.window.feed.presenter.main
    assert movements_tsv(state.night()) == (tmp_path / "out" / "movements.tsv").read_text()
    assert events_tsv(main) == (tmp_path / "out" / "events.tsv").read_text()
    night = state.night()
    scores = {name: score(night, rules) for name, rules in rules_from(state.session, file.name).items()}
    assert json.loads(json.dumps(summary_of(state, night, scores, file))) == summary


def test_a_page_has_the_samples_of_the_file(file: Path, scored: bytes) -> None:
    facts = facts_of(scored)
    about = next(fact for fact in facts if fact.kind == "stream").data
    page = Scrollback(FilePages(lambda: read_recording(file)).signal(about), about)
    assert page.place([fact for fact in facts if fact.kind == "anchor"], 1e6)
    rows, _ = page.read(95.0, 125.0)
    samples = read_recording(file).streams[0].read([0, 1], 95 * LEG_HZ, 125 * LEG_HZ)
    assert np.array_equal(rows[:, [1, 4]], samples)
    assert rows[:, 0] == pytest.approx(95.0 + np.arange(30 * LEG_HZ) / LEG_HZ)
    # Beyond the end there is nothing, and no error.
    assert len(page.read(290.0, 330.0)[0]) == 10 * LEG_HZ


def test_a_page_of_an_xdf_file_has_its_samples_where_they_were_stamped(tmp_path: Path) -> None:
    path, n = tmp_path / "night.xdf", 90 * LEG_HZ
    samples = np.random.default_rng(4).normal(0.0, 3.0, (n, 2)).astype(np.float32)
    stamps_s = 5000.0 + np.arange(n) / LEG_HZ
    # Ten seconds are missing.
    stamps_s[40 * LEG_HZ :] += 10.0
    channels = "".join(
        f"<channel><label>{label}</label><unit>uV</unit></channel>" for label in ("LAT", "RAT")
    )
    writer = XdfWriter(path)
    head = "<info><name>Legs</name><type>EMG</type><channel_count>2</channel_count>"
    head += f"<channel_format>float32</channel_format><nominal_srate>{LEG_HZ}</nominal_srate>"
    writer.add_stream(1, f"{head}<desc><channels>{channels}</channels></desc></info>", "float32", 2)
    for at in range(0, n, 100):
        writer.samples(1, samples[at : at + 100], stamps_s[at : at + 100])
    writer.close()
    sent, job = io.BytesIO(), Job(path, tmp_path)
    config = load_config()
    send_scoring(OpenedRecording.of(job, config, quiet), job, config, ScoringSender(sent), quiet)
    facts = facts_of(sent.getvalue())
    about = next(fact for fact in facts if fact.kind == "stream").data
    page = Scrollback(FilePages(lambda: read_recording(path)).signal(about), about)
    assert page.place([fact for fact in facts if fact.kind == "anchor"], 1e6)
    rows, _ = page.read(30.0, 60.0)
    inside = (stamps_s >= 5030.0) & (stamps_s < 5060.0)
    assert np.count_nonzero(inside) == 20 * LEG_HZ
    assert np.array_equal(rows[:, [1, 4]], samples[inside])
    assert rows[:, 0] == pytest.approx(stamps_s[inside] - 5000.0, abs=1e-6)


def test_other_signals_of_the_file_have_lanes_as_configured(file: Path) -> None:
    config, sent = load_config(None, {"lanes": {"show": ["eeg"]}}), io.BytesIO()
    job = Job(file, file.parent)
    send_scoring(OpenedRecording.of(job, config, quiet), job, config, ScoringSender(sent), quiet)
    facts = facts_of(sent.getvalue())
    about = [fact.data for fact in facts if fact.kind == "stream"][1]
    page = Scrollback(FilePages(lambda: read_recording(file)).signal(about), about)
    assert (page.lanes, page.kinds) == ((), ("eeg",))
    assert page.place([fact for fact in facts if fact.kind == "anchor"], 1e6)
    _, others = page.read(95.0, 125.0)
    samples = read_recording(file).streams[1].read([0], 95 * EEG_HZ, 125 * EEG_HZ)
    assert np.array_equal(others[:, 1:], samples)
    assert others[:, 0] == pytest.approx(95.0 + np.arange(30 * EEG_HZ) / EEG_HZ)


def test_no_key_enters_anything_and_each_says_what_to_do(
    opened: Opened, scored: bytes, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    monkeypatch.setattr(RecorderClient, "send", lambda _self, request: sent.append(request))
    window = opened.window
    said: list[str] = []
    monkeypatch.setattr(window.keybar, "show_message", said.append)
    opened.send(scored)
    until(qtbot, lambda: opened.phase == "scored")
    window.act("movement:1")
    names = {split(key.action)[0] for key in KEYS} | {action for _, action in texts.MENU if action}
    assert names >= ENTRIES
    for action in sorted({key.action for key in KEYS} | {action for _, action in texts.MENU if action}):
        if split(action)[0] not in ENTRIES:
            continue
        said.clear()
        window.act(action)
        assert said[-1].startswith("Read-only"), action
        assert "plms-monitor replay night.edf" in said[-1], action
    assert not window.log.question.isVisible()
    assert sent == []


def test_a_file_that_cannot_be_scored_is_no_night_without_movements(
    opened: Opened, scored: bytes, qtbot: QtBot
) -> None:
    opened.send(begin_of(scored) + b'{"problem": "night.edf: 12 stages cannot be placed"}\n{"facts": 0}\n')
    until(qtbot, lambda: opened.phase == "not scored")
    window = opened.window
    assert "12 stages cannot be placed" in window.screen_view.alerts[0].text
    assert window.screen_view.index.value == "–"
    until(qtbot, lambda: window.live.sweep.lanes[0].traces is not None)


def test_nothing_is_written_beside_the_file(opened: Opened, scored: bytes, file: Path, qtbot: QtBot) -> None:
    before = (sorted(file.parent.iterdir()), file.read_bytes())
    opened.send(scored)
    until(qtbot, lambda: opened.phase == "scored")
    for action in ("movement:1", "page:1", "summary", "trends", "theme", "sweep:1", "report", "sign"):
        opened.window.act(action)
        qtbot.wait(20)
    opened.window.close()
    assert (sorted(file.parent.iterdir()), file.read_bytes()) == before
