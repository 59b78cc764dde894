"""``review FILE`` as processes: a real window on a scored EDF, and nothing of it left afterwards."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from support.edf_files import scored_edf
from support.waiting import wait_for
from support.watching import Command, close_by_hand, has_ended, run, windows

SCORED = "scored; shown read-only"


class Reviewed:
    """The command on a file of its own, with places of its own for temporary and user data."""

    def __init__(self, path: Path, display: dict[str, str]) -> None:
        self.folder, self.data, self.temporary = path / "night", path / "data", path / "tmp"
        for each in (self.folder, self.data, self.temporary):
            each.mkdir()
        self.file = scored_edf(self.folder / "night.edf")
        places = {"XDG_DATA_HOME": str(self.data), "XDG_CONFIG_HOME": str(self.data)}
        places |= {"TMPDIR": str(self.temporary), "PYTHONUNBUFFERED": "1"}
        self.environment = os.environ | display | places
        self.before = self.files()
        self.command = Command(path / "log", "review", str(self.file), environment=self.environment)

    def files(self) -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in self.folder.iterdir()}

    def window(self) -> psutil.Process:
        def found() -> psutil.Process | None:
            children = psutil.Process(self.command.process.pid).children()
            return children[0] if children else None

        return self.command.wait_for(found, "window")

    def left(self) -> list[str]:
        """List what is left of it beside the file and in the places for temporary and user data."""
        assert self.files() == self.before
        return [str(each) for place in (self.temporary, self.data) for each in place.rglob("*")]


@pytest.fixture
def reviewed(tmp_path):
    made = Reviewed(tmp_path, {"QT_QPA_PLATFORM": "offscreen"})
    yield made
    made.command.kill()


def test_a_file_is_scored_in_its_window_and_leaves_nothing(reviewed):
    command = reviewed.command
    command.wait_for(lambda: SCORED in command.said, "scoring")
    window = reviewed.window()
    command.process.send_signal(signal.SIGTERM)
    assert command.end() == 0
    wait_for(lambda: has_ended(window), "end of the window")
    assert "Traceback" not in command.said
    assert reviewed.left() == []


@pytest.mark.skipif(sys.platform.startswith("win"), reason="signals")
@pytest.mark.parametrize("victim", ["window", "command"])
def test_a_killed_window_or_command_leaves_nothing(reviewed, victim):
    command, window = reviewed.command, reviewed.window()
    (window if victim == "window" else command.process).kill()
    command.end()
    if victim == "command":
        # It shows the signal without a score, until it is closed.
        assert not has_ended(window)
        window.terminate()
        wait_for(lambda: has_ended(window), "end")
    assert reviewed.left() == []


def test_the_window_on_a_screen_has_the_name_of_the_file_and_is_closed_by_its_user(tmp_path, desktop):
    screen = {"DISPLAY": desktop["DISPLAY"], "QT_QPA_PLATFORM": "xcb"}
    reviewed = Reviewed(tmp_path, screen)
    command = reviewed.command
    try:
        shown = command.wait_for(lambda: windows(desktop, "night.edf"), "window")
        command.wait_for(lambda: SCORED in command.said, "scoring")
        keys = ["xdotool", "windowactivate", "--sync", shown[0], "key", "--clearmodifiers"]
        subprocess.run([*keys, "ctrl+Right", "n", "x"], env=desktop, check=True)
        close_by_hand(desktop, shown[0], "night.edf")
        assert command.end() == 0
    finally:
        command.kill()
    assert "Traceback" not in command.said
    assert reviewed.left() == []


def test_without_a_display_one_sentence_says_so(tmp_path):
    file = scored_edf(tmp_path / "night.edf", 10)
    bare = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    done = run("review", str(file), environment={k: v for k, v in os.environ.items() if k not in bare})
    assert done.returncode == 3
    assert "no display was found" in done.stderr
    assert "Traceback" not in done.stderr
