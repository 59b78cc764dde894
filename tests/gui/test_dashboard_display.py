"""Without a display the program says one sentence; Qt would abort the process."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli.review import review
from monitor.dashboard.shell.display import use_display_that_answers, why_no_window
from monitor.model.errors import InputError, MissingError
from monitor.session.folder import SessionFolder

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has DISPLAY")


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@on_linux
def test_says_that_there_is_no_display(no_display: None) -> None:
    assert "no display" in why_no_window()
    assert "\n" not in why_no_window()


@on_linux
def test_an_offscreen_platform_will_do(no_display: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert why_no_window() == ""


@pytest.fixture
def wayland(no_display: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Listen where the compositor of WAYLAND_DISPLAY would."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "wayland-7"))
        listening.listen()
        yield


@on_linux
def test_a_wayland_display_that_answers_is_used(wayland: None) -> None:
    assert why_no_window() == ""
    use_display_that_answers()
    assert "QT_QPA_PLATFORM" not in os.environ


@on_linux
@pytest.mark.parametrize("platform", ["", "wayland"])
def test_a_dead_wayland_display_is_named(
    no_display: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    why = why_no_window()
    assert "WAYLAND_DISPLAY names ('wayland-7') does not answer" in why
    assert "\n" not in why


@on_linux
def test_beside_a_dead_wayland_display_x_is_used(
    no_display: None, tmp_path: Path, x_display: str, ended: SessionFolder
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    environment |= {"DISPLAY": x_display, "WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}
    environment["XDG_SESSION_TYPE"] = "wayland"
    picture = tmp_path / "shot.png"
    done = subprocess.run(
        [sys.executable, "-m", "monitor.dashboard", str(ended.path), "--after", "1",
         "--screenshot", str(picture)],
        capture_output=True, text=True, timeout=240, check=False, env=environment,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert picture.is_file()


@on_linux
def test_without_fonts_it_is_said_before_the_window_opens(tmp_path: Path, ended: SessionFolder) -> None:
    empty = tmp_path / "fonts.conf"
    empty.write_text(
        f"<fontconfig><dir>{tmp_path / 'none'}</dir><cachedir>{tmp_path}</cachedir></fontconfig>"
    )
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "FONTCONFIG_FILE": str(empty)}
    done = subprocess.run(
        [sys.executable, "-m", "monitor.dashboard", str(ended.path)],
        capture_output=True, text=True, timeout=240, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 3
    assert "no fonts are installed here" in done.stderr
    assert "fonts-dejavu-core" in done.stderr


@on_linux
def test_a_display_that_does_not_answer_is_named(no_display: None, monkeypatch: pytest.MonkeyPatch) -> None:
    load = ctypes.CDLL

    def load_any(name: str) -> ctypes.CDLL:
        # On a computer without one of them: this process stands for it.
        try:
            return load(name)
        except OSError:
            return load(None)

    monkeypatch.setenv("DISPLAY", ":6789")
    monkeypatch.setattr(ctypes, "CDLL", load_any)
    why = why_no_window()
    assert "DISPLAY names (':6789') does not answer" in why
    assert "\n" not in why


@on_linux
def test_a_display_that_answers_will_do(
    no_display: None, monkeypatch: pytest.MonkeyPatch, x_display: str
) -> None:
    monkeypatch.setenv("DISPLAY", x_display)
    assert why_no_window() == ""


@on_linux
def test_a_missing_library_is_named_by_its_package(no_display: None, monkeypatch: pytest.MonkeyPatch) -> None:
    load = ctypes.CDLL

    def without_cursor(name: str) -> ctypes.CDLL:
        if name == "libxcb-cursor.so.0":
            raise OSError(name)
        return load(name)

    monkeypatch.setenv("DISPLAY", ":6789")
    monkeypatch.setattr(ctypes, "CDLL", without_cursor)
    why = why_no_window()
    assert "apt-get install libxcb-cursor0)" in why
    assert "\n" not in why


@on_linux
def test_looking_for_a_display_does_not_load_qt(no_display: None) -> None:
    code = (
        "import sys, monitor.dashboard.shell.display as d; d.why_no_window(); print('PySide6' in sys.modules)"
    )
    environment = os.environ | {"DISPLAY": ":6789"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "False"


def test_says_that_a_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setitem(sys.modules, "pyqtgraph", None)
    assert "Python package pyqtgraph, which is not installed" in why_no_window()


@on_linux
def test_review_without_a_display_is_exit_three(no_display: None, ended: SessionFolder) -> None:
    result = CliRunner().invoke(review, [str(ended.path)])
    assert isinstance(result.exception, MissingError)
    assert result.exception.exit_code == 3


def test_review_of_no_session_is_bad_input(tmp_path: Path) -> None:
    result = CliRunner().invoke(review, [str(tmp_path)])
    assert isinstance(result.exception, InputError)


def test_asking_for_the_display_does_not_load_the_detector_or_lsl() -> None:
    code = (
        "import sys, monitor.dashboard.shell.app\n"
        "bad = [m for m in sys.modules if m.startswith(('pylsl', 'monitor.lsl', 'monitor.recorder',"
        " 'monitor.detection.channel', 'monitor.detection.limb', 'monitor.detection.pipeline'))]\n"
        "print(bad)"
    )
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_an_interrupt_closes_the_window_and_says_that_recording_goes_on(running: SessionFolder) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"}
    code = (
        "import sys, monitor.dashboard.shell.app as app\n"
        "from monitor.dashboard.viewmodel import presenter\n"
        # On a busy computer the window comes long after the last write: it is a recording all the same.
        "presenter.SAVED_OLD_S = float('inf')\n"
        "from pathlib import Path\n"
        "from monitor.dashboard.shell.window import DashboardWindow as W\n"
        "texts = W.show_texts\n"
        "def shown(self):\n"
        "    texts(self)\n"
        "    if self.screen_view is not None: print('shown')\n"
        "W.show_texts = shown\n"
        "sys.exit(app.run_session(Path(sys.argv[1])))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(running.path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "shown\n"
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    assert "the recording continues" in told


def test_a_screenshot_is_made_and_the_window_quits(ended: SessionFolder, tmp_path: Path) -> None:
    from PySide6.QtGui import QImage

    picture = tmp_path / "shot.png"
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    subprocess.run(
        [sys.executable, "-m", "monitor.dashboard", str(ended.path), "--screenshot", str(picture),
         "--size", "1366x768", "--theme", "red", "--after", "1"],
        check=True, env=environment, capture_output=True, timeout=240,
    )  # fmt: skip
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1366, 768)
