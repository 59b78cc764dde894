"""The listener to many small streams on real outlets: order, and a stream that is lost."""

from support.waiting import wait_for

from monitor.lsl.discovery import Query
from monitor.lsl.library import lsl
from monitor.lsl.multi_listener import MultiListener
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet

LATE_S = 20.0
MANY = [f"line {number}" for number in range(200)]


def header(name: str) -> OutletHeader:
    return OutletHeader(name, "Listened", name, 0.0, "string", (ChannelHeader("fact", "", "JSON"),))


def test_all_lines_come_in_their_order_and_a_lost_stream_makes_room_for_another() -> None:
    listener, heard = MultiListener(Query("pred", "type='Listened'"), most=1), []

    def listened(to: list[str]) -> bool:
        listener.look()
        heard.extend(row[0] for news in listener.poll() for row in news.samples)
        return heard == to

    with open_outlet(header("one")) as one:
        wait_for(lambda: listened([]) and one.have_consumers(), "the connection", LATE_S)
        for text in MANY:
            one.push_text(text, lsl().local_clock())
        wait_for(lambda: listened(MANY), "all lines", LATE_S)
    heard.clear()
    with open_outlet(header("two")) as two:
        # Its patience with a stream of text that is silent is longer than this waits.
        wait_for(lambda: listened([]) and two.have_consumers(), "the other stream", LATE_S)
