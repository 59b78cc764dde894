"""The errors shown to users, each with the data that explains what to do.

Programming errors stay ``ValueError`` and ``TypeError``. The exit codes are those of the command line:
2 for invalid arguments, configuration or input, 3 for a missing requirement.
"""

from __future__ import annotations

import errno
from typing import Any

# What the system says of a path that a user gave, or of a folder above it.
_OF_THE_PATH = {
    errno.EACCES: "check the permissions of it and of the folders above",
    errno.EPERM: "check the permissions of it and of the folders above",
    errno.ENAMETOOLONG: "expected a shorter name",
    errno.ELOOP: "expected no link that leads back to itself",
    errno.ENOTDIR: "expected a folder where the path has one",
    errno.ENOENT: "it was expected to exist",
    errno.EROFS: "choose a folder that can be written to",
}


class MonitorError(Exception):
    """Base class of all errors that are shown to a user as one sentence."""

    exit_code = 2


class InputError(MonitorError):
    """An invalid file, table or argument.

    Parameters
    ----------
    where : str
        The file (with line and column where there are any), option or field.
    problem : str
        What is wrong, with the value.
    expected : str
        The expected value, or what to do.
    """

    def __init__(self, where: str, problem: str, expected: str = "") -> None:
        self.where, self.problem, self.expected = where, problem, expected
        super().__init__(f"{where}: {problem}" + (f"; {expected}" if expected else ""))

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are pickled with the message alone.
        return type(self), (self.where, self.problem, self.expected)


class MissingError(MonitorError):
    """A missing requirement: a stream, a library, a display."""

    exit_code = 3


def path_error(err: OSError) -> InputError | None:
    """Return what a path has that the system refuses, e.g. one inside a folder of another user.

    Parameters
    ----------
    err : OSError

    Returns
    -------
    InputError or None
        None if the error names no path, or is of another kind: a fault of the disk or of the program.
    """
    if err.errno not in _OF_THE_PATH or not isinstance(err.filename, str):
        return None
    return InputError(err.filename, f"cannot be used ({err.strerror})", _OF_THE_PATH[err.errno])


def require_utf8(where: str, text: str | None) -> None:
    """Check that an argument is text: Python passes bytes of a terminal that are none as half characters.

    Raises
    ------
    InputError
        If it cannot be written as UTF-8.
    """
    try:
        (text or "").encode()
    except UnicodeEncodeError as err:
        raise InputError(where, f"{text!r} is not text in UTF-8") from err
