"""How often the network is queried for a source: every outlet of every computer receives each query."""

from types import SimpleNamespace

import numpy as np
import pytest

from monitor.lsl import search as search_module
from monitor.lsl.search import Search
from monitor.montage import Channel, StreamDescription

CHANNELS = (Channel("LAT", "uV", "EMG"), Channel("RAT", "uV", "EMG"))
SOURCE = StreamDescription("Amp", "EMG", "id-1", 500.0, "float32", CHANNELS, "run-1", "lab-pc")
TURN_S = 0.5


class Network:
    """Stands in for the finder of a search: the runs of the source that answer while the network is asked."""

    def __init__(self):
        self.uids, self.is_asked, self.fails = ["run-1"], True, False

    def __call__(self, _query, **_options):
        return self

    def ask(self):
        if self.fails:
            raise RuntimeError("could not create continuous resolver.")
        self.is_asked = True

    def rest(self):
        self.is_asked = False

    def seen(self):
        return [info(uid) for uid in self.uids] if self.is_asked else []


def info(uid):
    return SimpleNamespace(
        uid=lambda: uid,
        name=lambda: SOURCE.name,
        type=lambda: SOURCE.type,
        source_id=lambda: SOURCE.source_id,
        hostname=lambda: SOURCE.hostname,
    )


@pytest.fixture
def network(monkeypatch):
    network = Network()
    monkeypatch.setattr(search_module, "Finder", network)
    return network


@pytest.fixture
def reports():
    return []


@pytest.fixture
def search(network, reports):
    return Search(SOURCE, SimpleNamespace(), reports.append)


def turns(search, network, begin_s, n, *, is_sending=True):
    """Return for each turn whether the network is asked behind it."""
    asked = []
    for turn in range(n):
        now_s = begin_s + turn * TURN_S
        search.note_twins(now_s if is_sending else 0.0, now_s)
        search.query(now_s, is_sending=is_sending)
        asked.append(network.is_asked)
    return asked


def test_a_source_that_sends_and_is_alone_is_looked_for_once_in_about_ten_seconds(search, network):
    asked = turns(search, network, 0.0, 2400)
    assert not asked[0]
    steps_s = np.diff(np.flatnonzero(asked)) * TURN_S
    assert steps_s.min() >= 7.0
    assert steps_s.max() <= 13.0 + 2 * TURN_S


def test_recorders_that_begin_together_do_not_query_together(network, reports):
    searches = [Search(SOURCE, SimpleNamespace(), reports.append) for _ in range(64)]
    asked_n = np.zeros(600, int)
    for search in searches:
        network.is_asked = True
        asked_n += turns(search, network, 0.0, 600)
    # Some three of them query in any turn; all at once, or none for ten seconds, is what must not be.
    assert asked_n[60:].max() <= 20
    assert asked_n[60:].reshape(-1, 20).sum(axis=1).min() > 0


def test_a_silent_source_is_looked_for_at_once_and_all_the_time(search, network):
    turns(search, network, 0.0, 4)
    assert all(turns(search, network, 2.0, 40, is_sending=False))
    assert search.is_visible()


def test_a_second_run_is_found_while_the_source_sends(search, network, reports):
    turns(search, network, 0.0, 4)
    network.uids.append("run-2")
    turns(search, network, 2.0, 30)
    assert len(reports) == 1
    assert "a second stream with the same name and id" in reports[0]


def test_a_source_that_sends_and_does_not_answer_is_looked_for_all_the_time(search, network):
    network.uids.clear()
    assert all(turns(search, network, 0.0, 40))


def test_a_query_that_fails_is_repeated(search, network):
    turns(search, network, 0.0, 4)
    network.fails = True
    assert not any(turns(search, network, 2.0, 20, is_sending=False))
    network.fails = False
    assert all(turns(search, network, 12.0, 4, is_sending=False))
