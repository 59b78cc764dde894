"""Whether a window can be opened here, found out before Qt is asked: without a display Qt aborts.

Qt itself is not loaded for it: the recorder asks this too, and it has no use for Qt.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys

_NEEDS_NO_DISPLAY = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")
# Library -> the Debian package it comes in.
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
    """Say in one sentence why no window can be opened.

    Returns
    -------
    str
        Empty if one can.
    """
    for module in ("PySide6", "pyqtgraph"):
        if importlib.util.find_spec(module) is None:
            return f"The window needs the Python package {module}, which is not installed here."
    return _why_not_on_linux() if sys.platform.startswith("linux") else ""


def _why_not_on_linux() -> str:
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    display, wayland = os.environ.get("DISPLAY", ""), os.environ.get("WAYLAND_DISPLAY", "")
    if platform not in _NEEDS_NO_DISPLAY and not display and not wayland:
        return (
            "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can be "
            "opened; use --headless, or `plms-monitor review` on a machine with a screen."
        )
    is_x = platform == "xcb" or (not platform and not wayland)
    missing = _missing(_FOR_QT | _FOR_X if is_x else _FOR_QT)
    if missing:
        return (
            f"The window needs system libraries that are not installed here: {' '.join(missing)} "
            f"(Debian: apt-get install {' '.join(missing)}); use --headless until they are."
        )
    if is_x and not _x_answers():
        return (
            f"The display that DISPLAY names ({display!r}) does not answer, so no window can be opened; "
            "correct DISPLAY, or use --headless."
        )
    return ""


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
    """Knock at the X server as Qt will, its permissions included, and leave again."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
    # Never null; also a connection that failed is given back.
    connection = xcb.xcb_connect(None, None)
    is_open = bool(xcb.xcb_connection_has_error(connection) == 0)
    xcb.xcb_disconnect(connection)
    return is_open
