"""What a person may accept while a source is awaited."""

from dataclasses import replace

import pytest

from monitor.lsl.arrivals import SearchAgain
from monitor.lsl.discovery import Query
from monitor.model.facts import KINDS
from monitor.montage import Channel, LegChannel, StreamDescription
from monitor.recorder.requests import RefusedError
from monitor.recorder.source_identity import SourceIdentity
from monitor.recorder.source_override import accept_source


def stream(*labels, unit="uV", name="Amp"):
    channels = tuple(Channel(label, unit, "EMG") for label in labels)
    return StreamDescription(name, "EMG", "amp", 500.0, "float32", channels)


def source(*, limb=False, name="Amp"):
    legs = tuple(LegChannel(leg, i, leg, 1.0, "uV", "label") for i, leg in enumerate(("left", "right")))
    limbs = (LegChannel("left_arm", 2, "ARM", 1.0, "uV", "given"),) if limb else ()
    return SourceIdentity(1, stream("left", "right", "ARM", name=name), (*legs, *limbs))


def ask(mine, **request):
    return accept_source({"do": "accept_source", **request}, [mine], 100.0)


def test_legs_are_found_where_they_were_named_and_scaled_anew():
    mine = source()
    now = stream("A", "B", unit="mV")
    assert "none of its channels is now labelled 'left'" in mine.refusal(now)
    fact = ask(mine, left="B", right="#1", author="N. Nurse")
    # What the reader was answered before is void: it asks again.
    assert mine.commands.get_nowait() == SearchAgain(None)
    assert fact.kind in KINDS
    assert (fact.t, fact.data["left"], fact.data["author"]) == (100.0, "B", "N. Nurse")
    assert mine.refusal(now) == ""
    assert [(c.leg, c.index, c.scale_uv) for c in mine.channels_in(now)] == [
        ("left", 1, 1000.0),
        ("right", 0, 1000.0),
    ]
    # It was said of this form: whatever else comes must be plain by itself.
    assert mine.refusal(replace(now, channels=stream("A", "B", "C").channels))
    assert mine.refusal(stream("right", "left")) == ""


def test_a_limb_is_found_by_its_label_or_must_be_named():
    mine = source(limb=True)
    assert mine.refusal(stream("A", "B", "ARM"))
    ask(mine, left="A", right="B")
    assert [c.leg for c in mine.channels_in(stream("A", "B", "ARM"))] == ["left", "right", "left_arm"]
    assert mine.refusal(stream("A", "B", "C"))
    with pytest.raises(RefusedError, match="--limb left_arm=CH"):
        ask(mine, left="A", right="B")
    fact = ask(mine, left="A", right="B", limbs={"left_arm": "C"})
    assert fact.data["limbs"] == {"left_arm": "C"}
    assert [(c.leg, c.index) for c in mine.channels_in(stream("A", "B", "C"))][2] == ("left_arm", 2)


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({}, "name its legs"),
        ({"left": "A"}, "give --left CH --right CH"),
        ({"left": "A", "right": "C"}, "channel 'C' for the right leg was not found"),
        ({"left": "A", "right": "A"}, "the same channel"),
        ({"left": "A", "right": "B", "unit": "bananas"}, "unit"),
        ({"left": "A", "right": "B", "source": "Else"}, "not waiting for a source 'Else'"),
        ({"left": "A", "right": "B", "limbs": {"tail": "A"}}, "limbs"),
        ({"left": ["A"], "right": "B"}, "left"),
        ({"left": "A" * 999, "right": "B"}, "left"),
        ({"stream": "host=x"}, "host"),
        ({"stream": "pred=type='EMG"}, "XPath"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(request_, why):
    mine = source()
    assert mine.refusal(stream("A", "B"))
    with pytest.raises(RefusedError, match=why):
        ask(mine, **request_)
    assert mine.override is None


def test_a_source_that_is_here_or_has_not_come_back_cannot_be_accepted():
    mine = source()
    with pytest.raises(RefusedError, match="has not returned with a changed header"):
        ask(mine, left="left", right="right")
    mine.is_connected = True
    with pytest.raises(RefusedError, match="not waiting for a source"):
        ask(mine, left="left", right="right")


def test_of_several_that_are_away_one_must_be_named():
    both = [source(), source(name="Other")]
    for each in both:
        each.refusal(stream("A", "B"))
    request = {"left": "A", "right": "B"}
    with pytest.raises(RefusedError, match="'Amp', 'Other'; select one with --source"):
        accept_source(request, both, 1.0)
    assert accept_source(request | {"source": "Other"}, both, 1.0).data["name"] == "Other"
    assert (both[0].override, both[1].override is None) == (None, False)


def test_another_stream_is_looked_for_by_the_reader():
    mine = source()
    fact = ask(mine, stream="uid=abc")
    assert mine.commands.get_nowait() == SearchAgain(Query("uid", "abc"))
    assert mine.commands.empty()
    found = replace(stream("left", "right"), uid="abc")
    assert not mine.is_named(found)
    mine.note_named(found)
    assert mine.is_named(found)
    assert not mine.is_named(replace(found, uid="abd"))
    assert fact.data["stream"] == "uid=abc"
    # Its legs must be plain by their labels, since none were named.
    assert mine.refusal(stream("right", "left")) == ""
    assert mine.refusal(stream("A", "B"))
