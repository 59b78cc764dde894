"""Whether a window can be opened here, checked without Qt: without a display Qt aborts.

Qt is not loaded: the recorder makes this check too and does not need Qt.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys

from monitor.dashboard import texts

_NEEDS_NO_DISPLAY = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")
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


def _why_not_on_linux() -> str:
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    display, wayland = os.environ.get("DISPLAY", ""), os.environ.get("WAYLAND_DISPLAY", "")
    if platform not in _NEEDS_NO_DISPLAY and not display and not wayland:
        return texts.NO_DISPLAY
    is_x = platform == "xcb" or (not platform and not wayland)
    missing = _missing(_FOR_QT | _FOR_X if is_x else _FOR_QT)
    if missing:
        return texts.NO_LIBRARIES.format(packages=" ".join(missing))
    if is_x and not _x_answers():
        return texts.NO_X_SERVER.format(display=display)
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
