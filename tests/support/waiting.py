"""Wait for a condition, or act beside a test, the same way in all tests."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def repeated(action: Callable[[], object], every_s: float) -> Iterator[None]:
    """Do something at once and then every so many seconds, in a thread beside the test."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.is_set():
            action()
            ended.wait(every_s)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
