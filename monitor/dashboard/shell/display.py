"""Whether a window can be opened here, checked without Qt: without a display Qt aborts.

The check does not load Qt: the recorder makes it too and does not need Qt.
"""

from __future__ import annotations

import builtins
import ctypes
import importlib.util
import os
import socket
import sys
from pathlib import Path

from monitor.dashboard import texts

_NEEDS_NO_DISPLAY = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")
# Of fontconfig.
_SYSTEM_FONTS = 0
_ANSWER_S = 2.0
# Library -> its Debian package.
_FOR_QT = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
}
_FOR_X = {
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}


def why_no_window() -> str:
    """Return why no window can be opened.

    Returns
    -------
    str
        Empty if a window can be opened.
    """
    for module in ("PySide6", "pyqtgraph"):
        if importlib.util.find_spec(module) is None:
            return texts.NO_PACKAGE.format(package=module)
    return _why_not_on_linux() if sys.platform.startswith("linux") else ""


def use_display_that_answers() -> None:
    """Make Qt use X where the Wayland display does not answer: Qt would abort the process.

    To be called before Qt is started, after `why_no_window`.
    """
    if sys.platform.startswith("linux") and not _platform() and os.environ.get("WAYLAND_DISPLAY"):
        if not _wayland_answers():
            os.environ["QT_QPA_PLATFORM"] = "xcb"


def load_qt() -> None:
    """Load Qt, and remove the hook with which PySide reads the source of every module that is imported later.

    The hook serves ``from __feature__ import``, which this program does not use. It takes a fifth of the time
    in which a window is loaded, keeps 15 MB of source in memory, and can fail while two threads import.

    Raises
    ------
    ImportError
        If Qt cannot be loaded.
    """
    without_hook = builtins.__import__
    import PySide6.QtCore  # noqa: F401

    builtins.__import__ = without_hook


def _platform() -> str:
    return os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]


def _why_not_on_linux() -> str:
    platform = _platform()
    display, wayland = os.environ.get("DISPLAY", ""), os.environ.get("WAYLAND_DISPLAY", "")
    needs_display = platform not in _NEEDS_NO_DISPLAY
    if needs_display and not display and not wayland:
        return texts.NO_DISPLAY
    is_wayland = platform.startswith("wayland") or (not platform and bool(wayland))
    if needs_display and is_wayland and not _wayland_answers():
        if platform or not display:
            return texts.NO_WAYLAND.format(wayland=wayland)
        is_wayland = False
    is_x = needs_display and not is_wayland
    missing = _missing(_FOR_QT | _FOR_X if is_x else _FOR_QT)
    if missing:
        return texts.NO_LIBRARIES.format(packages=" ".join(missing))
    if is_x and not _x_answers():
        return texts.NO_X_SERVER.format(display=display)
    return "" if _has_fonts() else texts.NO_FONTS


def _wayland_answers() -> bool:
    """Connect to the socket of the Wayland display as Qt will, and disconnect."""
    if os.environ.get("WAYLAND_SOCKET"):
        return True
    path = Path(os.environ.get("XDG_RUNTIME_DIR", ""), os.environ.get("WAYLAND_DISPLAY") or "wayland-0")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWER_S)
        try:
            connection.connect(os.fspath(path))
        except OSError:
            return False
    return True


def _has_fonts() -> bool:
    """Whether fontconfig knows any font; without one every text is a row of boxes."""
    fontconfig = ctypes.CDLL("libfontconfig.so.1")
    fontconfig.FcConfigGetFonts.restype = ctypes.c_void_p
    fontconfig.FcConfigGetFonts.argtypes = (ctypes.c_void_p, ctypes.c_int)
    found = fontconfig.FcConfigGetFonts(None, _SYSTEM_FONTS)
    # The set of fonts begins with their number.
    return bool(found and ctypes.c_int.from_address(found).value)


def _missing(libraries: dict[str, str]) -> list[str]:
    """List the packages of the libraries that cannot be loaded."""
    packages = []
    for library, package in libraries.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            packages.append(package)
    return packages


def _x_answers() -> bool:
    """Connect to the X server as Qt will, with its permissions, and disconnect."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
    # Never null; a failed connection must be closed too.
    connection = xcb.xcb_connect(None, None)
    is_open = bool(xcb.xcb_connection_has_error(connection) == 0)
    xcb.xcb_disconnect(connection)
    return is_open
