"""Which channel of a stream is taken for a counter of its samples."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from monitor.montage import Channel, counter_column

BRIDGES = sorted((Path(__file__).parent / "bridges").glob("*.xml"))
# Of all bridges whose headers are known, those that send one.
SEND_ONE = {
    "tmsi_apex": "COUNTER",
    "tmsi_saga": "COUNTER",
    "eego_sports": "Counter",
    "liveamp": "SampleCounter",
}


@pytest.mark.parametrize("path", BRIDGES, ids=lambda path: path.stem)
def test_the_counter_of_a_bridge(path):
    nodes = ElementTree.fromstring(path.read_text()).iterfind("desc/channels/channel")
    channels = [
        Channel(*((node.findtext(key) or "").strip() for key in ("label", "unit", "type"))) for node in nodes
    ]
    column = counter_column(channels)
    assert (None if column is None else channels[column].label) == SEND_ONE.get(path.stem)


@pytest.mark.parametrize(
    "label",
    ["counter", "CNT", "Sample Counter", "SampleNumber", "sample_index", "Counter 2power24", "Counter 16bit"],
)
def test_names_of_a_counter(label):
    assert counter_column([Channel("LAT"), Channel(label)]) == 1
    assert counter_column([Channel("LAT"), Channel("x", type=label)]) == 1


@pytest.mark.parametrize(
    "label", ["", "Trigger counter", "Counter events", "Samples", "Count", "STATUS", "MkIdx", "CNTR"]
)
def test_names_of_none(label):
    assert counter_column([Channel("LAT"), Channel(label)]) is None
