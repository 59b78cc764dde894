"""Requests to the recording loop: answered once, or refused and then not carried out."""

import threading

from support.waiting import wait_for

from monitor.recorder.request_queue import RequestQueue

NOTE = {"do": "note"}


def asking(requests, request=NOTE):
    """Ask in a thread; return it and where the answer will be."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(requests.ask(request)), daemon=True)
    thread.start()
    return thread, answers


def test_each_request_gets_its_own_answer():
    woken = []
    requests = RequestQueue(lambda: woken.append(1))
    both = [asking(requests, {"do": name}) for name in ("a", "b")]
    wait_for(lambda: requests.n_waiting == 2, "both requests")
    requests.answer(2, lambda request: {"of": request["do"]})
    for thread, _ in both:
        thread.join(20.0)
    assert [answers for _, answers in both] == [[{"of": "a"}], [{"of": "b"}]]
    assert len(woken) == 2


def test_a_request_that_was_refused_is_not_carried_out_later():
    requests, done = RequestQueue(lambda: None, patience_s=0.01), []
    assert requests.ask(NOTE) == {"error": "the recorder is ending or busy"}
    assert requests.n_waiting == 1
    requests.answer(1, lambda request: done.append(request) or {})
    assert (requests.n_waiting, done) == (0, [])


def test_a_request_that_is_being_carried_out_is_waited_for():
    requests, begun, may_end = (
        RequestQueue(lambda: None, patience_s=0.2),
        threading.Event(),
        threading.Event(),
    )

    def slow(_request):
        begun.set()
        may_end.wait(20.0)
        return {"ok": True}

    loop = threading.Thread(target=lambda: requests.answer_next(20.0, slow), daemon=True)
    loop.start()
    first, answers = asking(requests)
    assert begun.wait(20.0)
    # Longer than it waits for its turn; it is told what it can see for itself.
    first.join(20.0)
    may_end.set()
    loop.join(20.0)
    assert answers == [{"error": "the recorder is busy with it: look whether it was entered"}]


def test_nothing_is_waited_for_longer_than_told():
    RequestQueue(lambda: None).answer_next(0.0, lambda _: {})
