"""How late samples come, and how many of them a sender sends at once."""

import numpy as np

from monitor.recorder.lateness import Lateness


def test_a_backlog_that_comes_in_one_piece_is_no_usual_chunk_of_the_sender():
    lateness = Lateness()
    for at in range(100):
        assert lateness.take((5 * at + np.arange(5)) / 250.0, (5 * at + 5) / 250.0, 0.0, 0.0) is None
    assert lateness.chunk_n == 5
    backlog_s = 2.0 + np.arange(1000) / 250.0
    ended = lateness.take(backlog_s, 6.0, 0.0, 2.0)
    assert ended is not None
    assert ended.n == 1000
    assert lateness.chunk_n == 5
