"""What a snapshot says of the stages, the legs and the score belongs together, and so does its last one."""

import pytest

pytestmark = pytest.mark.smoke


class Watched:
    """A recorder whose snapshots are kept."""

    def __init__(self, bench):
        self.bench, self.sent = bench, []
        bench.night.outlets.snapshot = lambda whole, *_: self.sent.append(whole)
        self.second = 0
        self.feed(3)

    def feed(self, n, turns=20):
        """Feed seconds of signal, so many turns of the recorder after each."""
        for _ in range(n):
            self.bench.feed(1, 4000.0 + self.second)
            for _ in range(turns):
                self.bench.night.tick()
            self.second += 1

    def stage(self, stage):
        """Enter a stage that holds from the begin on."""
        answer = self.bench.night.answer({"do": "stage", "t": 0.0, "stage": stage, "author": "AB"})
        assert "ok" in answer


@pytest.fixture
def watched(bench):
    return Watched(bench)


def has_hours(whole):
    """Whether the score in a snapshot has stages."""
    return whole["index"]["tst_h"] is not None


@pytest.mark.parametrize("before_n", range(5))
def test_a_stage_is_told_with_the_score_of_it(watched, before_n):
    # The recorder is so slow that it does one part a second, and the stage comes at any of them.
    watched.bench.night.answer({"do": "artifact", "t": 1.0, "duration_s": 0.5, "author": "AB"})
    watched.feed(before_n, turns=0)
    watched.stage("N2")
    watched.feed(25, turns=0)
    assert [has_hours(whole) for whole in watched.sent] == [whole["stage"] == "N2" for whole in watched.sent]
    assert has_hours(watched.sent[-1])


def test_facts_that_always_come_hold_up_no_snapshot_for_long(watched):
    for k in range(45):
        watched.stage("N2" if k % 2 else "W")
        watched.feed(1, turns=0)
    # Two half minutes began, the first with the recording.
    assert len(watched.sent) >= 2


def test_the_last_snapshot_has_the_last_score(watched):
    watched.feed(2)
    n_before = len(watched.sent)
    watched.bench.feed(1, 4000.0 + watched.second, gain=20.0)
    watched.bench.end()
    assert len(watched.sent) == n_before + 1
    assert watched.sent[-1]["n_lm"] == watched.bench.night.scores["aasm3"].indices.n_lm == 1
    assert watched.sent[-1]["index"]["state"] == 4.0
