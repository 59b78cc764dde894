"""Which streams are taken: exactly what was asked for, or the one that is plain; never a guess."""

import dataclasses
import json

import pytest
from click.testing import CliRunner

from monitor.cli import recording
from monitor.cli.recording import WatchOptions, run_watch
from monitor.cli.streams import streams
from monitor.lsl import discovery
from monitor.lsl.discovery import Query
from monitor.model.config import MontageWish, load_config
from monitor.model.errors import InputError, MissingError
from monitor.montage import Channel, StreamDescription, assign_legs
from monitor.recorder import outlets, stream_selection
from monitor.recorder.stream_selection import StreamSelection, choose_alone, choose_by_query

NO_WISH = MontageWish()


def emg(name="Amp", labels=("LAT", "RAT"), **changes):
    channels = tuple(Channel(label, "uV", "EMG") for label in labels)
    made = StreamDescription(name, "EMG", f"id-{name}", 500.0, "float32", channels, uid=f"uid-{name}")
    return dataclasses.replace(made, **changes)


def words(name="Stager"):
    return emg(name, ("m",), channel_format="string", rate_hz=0.0)


def found(*streams):
    return [(f"info-{stream.name}", stream) for stream in streams]


def asked(**by_name):
    return [(Query("name", name), found(*streams)) for name, streams in by_name.items()]


def test_alone_the_one_plausible_stream_is_taken():
    others = [emg("EEG", ("C3", "C4")), words(), emg("Sim", simulated=True), emg("Slow", rate_hz=50.0)]
    (chosen,) = choose_alone(found(emg(), *others), NO_WISH)
    assert (chosen.info, [leg.leg for leg in chosen.legs]) == ("info-Amp", ["left", "right"])


def test_alone_none_or_several_are_not_guessed():
    assert "no leg EMG stream" in choose_alone(found(emg("Sim", simulated=True), words()), NO_WISH)
    both = choose_alone(found(emg("A"), emg("B")), NO_WISH)
    assert "'A', 'B'" in both


def test_by_query_the_named_are_taken_simulated_or_not():
    chosen = choose_by_query(asked(Sim=[emg("Sim", simulated=True)], Stager=[words()]), NO_WISH)
    assert [(each.stream.name, len(each.legs)) for each in chosen] == [("Sim", 2), ("Stager", 0)]


def test_by_query_what_is_missing_is_said_and_what_is_twice_is_refused():
    assert choose_by_query(asked(Amp=[emg()], Stager=[]), NO_WISH) == "no stream matches name=Stager"
    with pytest.raises(InputError, match="matches 2 streams"):
        choose_by_query(asked(Amp=[emg(), emg(uid="other")]), NO_WISH)


def test_a_stream_named_twice_is_taken_once():
    assert (
        len(choose_by_query([*asked(Amp=[emg()]), (Query("source_id", "id-Amp"), found(emg()))], NO_WISH))
        == 1
    )


def test_one_stream_for_each_leg():
    chosen = assign_legs(found(emg("L", ("LAT",)), emg("R", ("RAT",))), NO_WISH)
    assert [[leg.leg for leg in each.legs] for each in chosen] == [["left"], ["right"]]
    by_wish = assign_legs(
        found(emg("L", ("E1",)), emg("R", ("E2",))), MontageWish({"left": "E1", "right": "E2"})
    )
    assert [[leg.leg for leg in each.legs] for each in by_wish] == [["left"], ["right"]]


@pytest.mark.parametrize(
    ("streams", "wish", "message"),
    [
        ([words()], {}, "only marker streams"),
        ([emg("A"), emg("B")], {}, "A and B both have a left leg"),
        ([emg(), emg("EEG", ("C3",))], {}, "stream 'EEG'"),
        ([emg("A", ("E1",)), emg("B", ("E2",))], {"left": "#1"}, "--left: '#1' is a channel of A and of B"),
        ([emg()], {"left": "X"}, "channel 'X' for the left leg was not found"),
        ([emg("A", ("E1",)), emg("B", ("E2",))], {"left": "E1", "right": "E9"}, "'E9' for the right leg"),
    ],
)
def test_what_does_not_fit_together_is_refused(streams, wish, message):
    with pytest.raises(InputError, match=message):
        assign_legs(found(*streams), MontageWish(wish))


def test_in_a_file_streams_without_legs_are_let_be():
    chosen = assign_legs(found(emg("EEG", ("C3",)), emg()), NO_WISH, lenient=True)
    assert [len(each.legs) for each in chosen] == [0, 2]
    with pytest.raises(InputError, match="channels: C3"):
        assign_legs(found(emg("EEG", ("C3",))), NO_WISH, lenient=True)


@pytest.fixture
def own(monkeypatch):
    """The streams that a recorder publishes, as another one finds them."""
    headers = []
    monkeypatch.setattr(outlets, "open_outlet", headers.append)
    outlets.Outlets("bed-2", lambda t_s: t_s)
    assert len(headers) == 3
    return [
        StreamDescription(
            h.name, h.type, h.source_id, 0.0, h.channel_format, (Channel("x", "", ""),), uid=h.name
        )
        for h in headers
    ]


def test_what_a_monitor_publishes_is_no_candidate(own, monkeypatch):
    class Found:
        def __init__(self, *_, **__):
            self.streams = [*own, emg(), words()]

        def found(self):
            return [(None, stream) for stream in self.streams]

    class Screen:
        picked, cancelled, seen = None, True, ()

        def look(self, around, missing):
            self.seen = [stream.name for _, stream in around]

    screen, said, clock = Screen(), [], iter((0.0, 0.5, 5.0))
    monkeypatch.setattr(stream_selection, "Finder", Found)
    both = StreamSelection(
        [Query("name", "x")], NO_WISH, said.append, lambda: next(clock), lambda _: True, screen
    )
    assert both.wait(None) is None
    assert screen.seen == ["Amp", "Stager"]
    monkeypatch.setattr(discovery, "Finder", Found)
    listed = CliRunner().invoke(streams, ["--wait", "0", "--json"])
    assert [row["name"] for row in json.loads(listed.output)] == ["Amp", "Stager"]
    assert "bed-2" not in CliRunner().invoke(streams, ["--wait", "0"]).output


def test_without_a_window_the_other_streams_of_a_ward_are_not_read(tmp_path, monkeypatch):
    # A hundred of them take some seconds to read, and megabytes that are not given back.
    read, taken = [], []

    class Found:
        def __init__(self, query=None, **_):
            self.name = query.value if query else None

        def found(self):
            read.append(self.name)
            return found(emg()) if self.name in ("Amp", None) else []

    def record(recording, *_):
        taken.extend(each.stream.name for each in recording.chosen)
        raise MissingError("enough")

    monkeypatch.setattr(stream_selection, "Finder", Found)
    monkeypatch.setattr(recording, "Finder", Found)
    monkeypatch.setattr(recording, "record", record)
    monkeypatch.setattr(recording.StopRequest, "on_signals", lambda _: None)
    options = WatchOptions(
        load_config(None), [Query("name", "Amp")], "one", "", tmp_path, None, None, resume=False, is_demo=True
    )
    with pytest.raises(MissingError, match="enough"):
        run_watch(options)
    assert taken == ["Amp"]
    assert None not in read
