"""``review FILE``: what is refused before a window opens."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from support.edf_files import scored_edf
from support.small_sessions import make

from monitor.cli import review_file
from monitor.cli.review import review
from monitor.model.errors import InputError, MissingError


def refused(*arguments: str | Path) -> str:
    done = CliRunner().invoke(review, [str(each) for each in arguments])
    assert isinstance(done.exception, InputError | MissingError), done.output
    return str(done.exception)


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.edf"
    path.write_text("no recording")
    assert "is not a known format" in refused(path)


def test_a_recording_without_legs_says_how_to_choose_them(tmp_path: Path) -> None:
    path = scored_edf(tmp_path / "night.edf", 10, ("EMG chin1", "EMG chin2"))
    assert "--left CH" in refused(path)


def test_a_file_is_never_edited(tmp_path: Path) -> None:
    path = scored_edf(tmp_path / "night.edf", 10)
    assert "read-only" in refused(path, "--edit")


def test_without_a_display_it_is_said_and_nothing_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_file, "why_no_window", lambda: "No window can be opened: no display.")
    path = scored_edf(tmp_path / "night.edf", 10)
    assert refused(path) == "No window can be opened: no display."
    assert [each.name for each in tmp_path.iterdir()] == ["night.edf"]


def test_options_of_a_file_are_refused_for_a_session(tmp_path: Path) -> None:
    assert "--left" in refused(make(tmp_path / "one").path, "--left", "LAT")
