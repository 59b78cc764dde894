"""The request to end a recording."""

from monitor.recorder.run import StopRequest


def test_the_first_request_wakes_who_waits_and_its_reason_is_used():
    ending, woken = StopRequest(), []
    ending.ask("a signal")
    assert (ending.asked, ending.reason) == (True, "a signal")
    ending = StopRequest()
    ending.wake = lambda: woken.append(ending.asked)
    assert not ending.asked
    ending.ask("a signal")
    ending.ask("the duration")
    assert (woken, ending.reason) == ([True], "a signal")
