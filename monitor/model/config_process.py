"""Read a configuration in a process of its own: what checks it is loaded there, and gone with it.

A recorder that runs all night has 5 MB less.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from monitor.model.config import Config, load_config
from monitor.model.errors import InputError


def begin_reading(
    name: str | None = None, overrides: Mapping[str, Mapping[str, Any]] | None = None
) -> Callable[[], Config]:
    """Begin to read a configuration in another process.

    Parameters
    ----------
    name, overrides
        As of `load_config`.

    Returns
    -------
    callable
        Waits for it; returns and raises what `load_config` does.
    """
    here = partial(load_config, name, overrides)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor.model.config_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        # Another process cannot be started, or not from here: the recording does not depend on it.
        return here

    def read() -> Config:
        answer, _ = process.communicate(pickle.dumps((name, overrides)))
        if process.returncode:
            # Whatever failed there is reported here, or does not fail here.
            return here()
        outcome: Config | InputError = pickle.loads(answer)
        if isinstance(outcome, InputError):
            raise outcome
        return outcome

    return read


def _main() -> None:
    # Loaded while the other process still loads what it needs.
    import monitor.model.config_check  # noqa: F401

    name, overrides = pickle.load(sys.stdin.buffer)
    outcome: Config | InputError
    try:
        outcome = load_config(name, overrides)
    except InputError as err:
        outcome = err
    pickle.dump(outcome, sys.stdout.buffer)


if __name__ == "__main__":
    _main()
