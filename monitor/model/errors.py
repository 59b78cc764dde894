"""The errors shown to users, each with the data that explains what to do.

Programming errors stay ``ValueError`` and ``TypeError``. The exit codes are those of the command line:
2 for invalid arguments, configuration or input, 3 for a missing requirement.
"""

from __future__ import annotations

from typing import Any


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
