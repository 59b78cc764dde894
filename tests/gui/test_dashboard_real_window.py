"""One look at a real window: a real X server, real keys."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from monitor.session.folder import SessionFolder

SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QDeadlineTimer, QEventLoop, Qt
from PySide6.QtTest import QTest
from monitor.dashboard.shell.app import application
from monitor.dashboard.shell.window import DashboardWindow
from monitor.session.folder import SessionFolder

app = application()
window = DashboardWindow(SessionFolder(Path(sys.argv[1])))
window.resize(1366, 768)
window.show()
window.start()
assert QTest.qWaitForWindowExposed(window, 20000)
window.activateWindow()
assert QTest.qWaitForWindowActive(window, 20000)
deadline = QDeadlineTimer(20000)
while window.log.model.rowCount() == 0 and not deadline.hasExpired():
    app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
QTest.keyClick(window, Qt.Key.Key_D)
print(app.platformName(), window.theme.name, window.windowHandle().isExposed())
window.close()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is for Linux")
def test_opens_on_a_real_display_and_takes_keys(x_display: str, ended: SessionFolder) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ended.path)],
        env=environment | {"DISPLAY": x_display}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["xcb", "red", "True"], done.stderr
