"""Wait for a condition, the same way in all tests."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# A busy machine may need it; a test that fails is the only one that does.
PATIENCE_S = 60.0


def wait_for(
    condition: Callable[[], T],
    what: str,
    deadline_s: float = PATIENCE_S,
    pause: Callable[[], object] = lambda: time.sleep(0.01),
) -> T:
    """Wait until a condition gives something true and return it; fail, naming `what`, at the deadline."""
    until_s = time.monotonic() + deadline_s
    while not (found := condition()):
        assert time.monotonic() < until_s, f"no {what} within {deadline_s:g} s"
        pause()
    return found
