"""A window that can make no newer screen says so: nothing on the last one stays green."""

from types import SimpleNamespace

import pytest
from support.sessions import append, beginning, make_session, movement, series

from monitor.dashboard.shell import feed as feed_module
from monitor.dashboard.shell.feed import Feed
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.scoring import Scorer


@pytest.fixture
def clock(monkeypatch):
    """The seconds of the feed, in the hands of the test."""
    made = SimpleNamespace(s=100.0)
    monkeypatch.setattr(feed_module, "time", SimpleNamespace(monotonic=lambda: made.s))
    return made


@pytest.fixture
def feed(tmp_path, clock):
    made = Feed(make_session(tmp_path / "s", [*beginning(), *series(60.0)]), SimpleNamespace(newest_s=1200.0))
    made.poll()
    assert made.screen.top.phase == "recording"
    assert "ok" in [chip.health for chip in made.screen.chips]
    return made


def healths(feed):
    return {chip.health for chip in feed.screen.chips}


def fails(*_):
    raise ZeroDivisionError("made up")


def test_a_score_that_fails_again_and_again_makes_the_screen_old(feed, clock, monkeypatch):
    good = feed.screen
    with monkeypatch.context() as patched:
        patched.setattr(Scorer, "score", fails)
        append(feed.folder, [movement("L9", 192.0)])
        for _ in range(30):
            clock.s += 0.1
            feed.poll()
            assert "made up" in feed.problem
            assert (feed.screen is good) == (clock.s <= 102.0)
    assert healths(feed) == {"warn"}
    assert feed.screen.index.value == "–"
    assert feed.screen.alerts[0].priority == "high"
    assert feed.screen.alerts[0].text == (
        "This window shows the recording as it was 3 s ago: ZeroDivisionError: made up"
    )
    feed.poll()
    assert feed.problem == ""
    assert "ok" in healths(feed)
    assert "outdated" not in [alert.key for alert in feed.screen.alerts]
    assert feed.screen.index.count == good.index.count + 1


def test_a_screen_that_cannot_be_made_is_not_replaced_by_the_one_before(feed, clock, monkeypatch):
    monkeypatch.setattr("monitor.dashboard.viewmodel.presenter.chips", fails)
    # Read once, at the first of these polls.
    append(feed.folder, [movement("L9", 192.0)])
    for _ in range(30):
        clock.s += 0.1
        feed.poll()
    assert healths(feed) == {"warn"}


def test_one_poll_that_fails_changes_nothing(feed, clock, monkeypatch):
    good = feed.screen
    with monkeypatch.context() as patched:
        patched.setattr(feed.presenter, "poll", lambda _: (_ for _ in ()).throw(InputError("journal", "x")))
        clock.s += 0.1
        feed.poll()
    assert feed.screen is good
    feed.poll()
    assert "ok" in healths(feed)


def test_an_ended_recording_does_not_become_old(feed, clock, monkeypatch):
    append(feed.folder, [Fact("stop", 1200.0, "recorder", {"reason": "x"})])
    feed.poll()
    clock.s += 60.0
    monkeypatch.setattr(feed.presenter, "poll", fails)
    feed.poll()
    assert feed.screen.top.phase == "ended"
    assert not feed.screen.alerts
