"""The errors a user can meet, each with the data that says what to do about it.

Programming errors stay ``ValueError`` and ``TypeError``. The exit codes are those of the command line:
2 for bad arguments, configuration or input, 3 for something needed that is missing.
"""

from __future__ import annotations


class MonitorError(Exception):
    """Root of every error that is shown to a user as one plain sentence."""

    exit_code = 2


class InputError(MonitorError):
    """A file, table or argument that cannot be used.

    Parameters
    ----------
    where : str
        The file (with line and column where there are any), option or field.
    problem : str
        What was found, with the value.
    expected : str
        What would have been right, or what to do.
    """

    def __init__(self, where: str, problem: str, expected: str = "") -> None:
        self.where, self.problem, self.expected = where, problem, expected
        super().__init__(f"{where}: {problem}" + (f"; {expected}" if expected else ""))


class MissingError(MonitorError):
    """Something the work needs is not there: a stream, a library, a display."""

    exit_code = 3
