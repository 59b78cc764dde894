"""The event that a handler of a signal sets: the signal may come at any step of the main thread."""

import sys
import threading

import pytest

from monitor.model.shutdown import SignalEvent
from monitor.recorder.run import StopRequest


def at_step(step, action, interrupted):
    """Run `action`, and at one step `interrupted`, as a handler does; return if there was this step."""
    left = [step]

    def trace(_frame, event, _what):
        if event == "line":
            left[0] -= 1
            if left[0] == 0:
                sys.settrace(None)
                interrupted()
        return trace

    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(None)
    return left[0] <= 0


def set_of(event):
    return event.set if isinstance(event, SignalEvent) else lambda: event.ask("SIGTERM")


@pytest.mark.parametrize("make", [SignalEvent, StopRequest])
@pytest.mark.parametrize("what", ["wait", "set"])
def test_a_signal_at_any_step_of_the_main_thread_is_noted_at_once(make, what):
    steps_n = []

    def run():
        for step in range(1, 200):
            event = make()
            action = (lambda event=event: event.wait(0.001)) if what == "wait" else set_of(event)
            if not at_step(step, action, set_of(event)):
                break
            assert event.wait(0.0)
            steps_n.append(step)

    # In a thread that may be left behind: a test that waits for ever ends nothing.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(5.0)
    assert not thread.is_alive()
    assert len(steps_n) >= 2


def test_all_who_wait_are_woken_and_nobody_before():
    event, woken = SignalEvent(), []
    assert not event.wait(0.0)
    threads = [threading.Thread(target=lambda: woken.append(event.wait(20.0))) for _ in range(4)]
    for each in threads:
        each.start()
    event.set()
    for each in threads:
        each.join(20.0)
    assert woken == [True] * 4
    assert event.is_set()
