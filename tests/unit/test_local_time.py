"""The local time zone of this computer, also where the variable TZ is wrong."""

import datetime as dt
import time

import pytest

from monitor.model.clock import read_clocks, utc_now


@pytest.fixture
def zone(monkeypatch):
    if not hasattr(time, "tzset"):
        pytest.skip("this system reads TZ at the start of a process only")

    def to(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()
        return read_clocks(lambda: 0.0, lambda: None)

    yield to
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("name", "offset", "shown"),
    [
        ("Asia/Kathmandu", "+0545", "UTC+5:45"),
        ("America/St_Johns", ("-0330", "-0230"), ("NST", "NDT")),
        ("Foo/Bar", "+0000", "UTC+0"),
        ("XXX+24:30", "+0000", "UTC"),
        ("XXX-24", "+0000", "UTC"),
    ],
)
def test_a_recording_begins_in_any_zone(zone, name, offset, shown):
    found = zone(name)
    assert found.zone in offset
    assert found.zone_name in shown
    assert abs(found.local - utc_now()) < dt.timedelta(hours=1)
