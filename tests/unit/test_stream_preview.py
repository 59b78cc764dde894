"""What a start screen is told of the legs' resting level, and which streams are left alone for it."""

from dataclasses import replace

import numpy as np
import pytest

from monitor.model.config import MontageWish
from monitor.montage import Channel, StreamDescription, mains_level
from monitor.recorder.start_screen import Preview, StartScreen, worded

LEGS = (Channel("LAT", "uV", "EMG"), Channel("RAT", "mV", "EMG"))
AMP = StreamDescription("Amp", "EMG", "amp", 500.0, "float32", LEGS, uid="a")


class Source:
    """Gives noise of 2 uV on the left, and a dead right leg; remembers who was opened."""

    def __init__(self):
        self.opened = []

    def __call__(self, info, stream, seconds):
        self.opened.append(stream.uid)
        noise = np.random.default_rng(3).normal(0.0, 2.0, round(seconds * stream.rate_hz))
        return np.stack([noise, np.full(len(noise), 7.0)], axis=1)


class Clock:
    s = 0.0

    def __call__(self):
        return self.s


def test_each_leg_has_its_level_in_microvolts_and_a_word():
    source = Source()
    preview = Preview(MontageWish(), source)
    assert preview.of("a") == {}
    preview.look([(None, AMP)])
    preview.close()
    found = preview.of("a")
    assert found["left"]["word"] == "ok"
    assert found["left"]["rest_uv"] == pytest.approx(2.0, rel=0.2)
    assert found["left"]["mains_uv"] == pytest.approx(0.5, abs=0.3)
    assert len(found["left"]["trace"]) == 150
    assert all(-12.0 < low < high < 12.0 for low, high in found["left"]["trace"])
    dead = {"rest_uv": 0.0, "mains_uv": 0.0, "word": "flat", "trace": [(0.0, 0.0)] * 150}
    assert found["right"] == dead


@pytest.mark.parametrize(
    ("rest_uv", "word"),
    [(0.0, "flat"), (0.05, "ok"), (4.0, "ok"), (4.1, "high"), (8.0, "high"), (8.1, "very high")],
)
def test_the_words_are_those_of_the_rules(rest_uv, word):
    assert worded(rest_uv) == word


@pytest.mark.parametrize(
    "other",
    [
        {"rate_hz": 50.0},
        {"simulated": True},
        {"speed": 20.0},
        {"source_id": "replay-1234-0"},
        {"channel_format": "string"},
        {"channels": (Channel("EEG", "uV", "EEG"),)},
        {"channels": (Channel("LAT", "", "EMG"), Channel("RAT", "", "EMG"))},
    ],
)
def test_what_may_begin_with_its_first_receiver_or_has_no_plain_legs_is_not_opened(other):
    source = Source()
    preview = Preview(MontageWish(), source)
    preview.look([(None, replace(AMP, **other))])
    preview.close()
    assert source.opened == []


def test_nothing_that_came_is_no_signal():
    preview = Preview(MontageWish(), lambda *_: np.empty((0, 2)))
    preview.look([(None, AMP)])
    preview.close()
    assert preview.of("a")["left"] == {"rest_uv": None, "mains_uv": None, "word": "no signal", "trace": []}


def test_one_stream_after_the_other_and_again_after_a_while():
    source, clock = Source(), Clock()
    preview = Preview(MontageWish(), source, clock)
    around = [(None, AMP), (None, replace(AMP, uid="b"))]
    for clock.s in (0.0, 1.0, 2.0, 14.9, 15.0, 15.5, 16.0):
        preview.look(around)
        preview.close()
    assert source.opened == ["a", "b", "a", "b"]


def test_only_while_somebody_looks_a_stream_is_opened():
    source = Source()
    preview = Preview(MontageWish(), source)
    screen = StartScreen("bed-1", "aasm3", MontageWish(), lambda: True, lambda _: None, preview)
    screen.look([(None, AMP)], "two streams")
    preview.close()
    assert source.opened == []
    assert screen.answer({"do": "lobby"})["streams"][0]["rests"] == {}
    screen.look([(None, AMP)], "two streams")
    preview.close()
    assert screen.answer({"do": "lobby"})["streams"][0]["rests"]["right"]["word"] == "flat"


@pytest.mark.parametrize("mains_hz", [49.9, 60.1])
@pytest.mark.parametrize("rate_hz", [250.0, 512.0, 2000.0])
def test_mains_are_measured_as_rms_beside_noise(mains_hz, rate_hz):
    t_s = np.arange(round(3 * rate_hz)) / rate_hz
    noise = np.random.default_rng(5).normal(0.0, 2.0, len(t_s))
    hum = 142.0 * np.sqrt(2) * np.sin(2 * np.pi * mains_hz * t_s)
    assert mains_level(hum + noise + 300.0, rate_hz) == pytest.approx(142.0, rel=0.03)
    assert mains_level(noise, rate_hz) < 1.5
    assert np.isnan(mains_level(noise[:100], rate_hz))


def test_a_study_code_is_chosen_and_checked():
    screen = StartScreen("bed-1", "aasm3", MontageWish(), lambda: True, lambda _: None, study="S-1")
    screen.look([(None, AMP)], "")
    assert screen.answer({"do": "lobby"})["study"] == "S-1"
    wrong = screen.answer({"do": "choose", "uids": ["a"], "study": "Hans Meier"})
    assert wrong["error"].startswith("Study code: 'Hans Meier' cannot be used")
    assert screen.picked is None
    assert screen.answer({"do": "choose", "uids": ["a"]}) == {"ok": True}
    assert screen.picked.study == "S-1"
    assert screen.answer({"do": "choose", "uids": ["a"], "study": "S-2"}) == {"ok": True}
    assert screen.picked.study == "S-2"
    screen.resumes("S-3")
    assert screen.answer({"do": "lobby"})["study"] == "S-3"


def test_once_it_records_no_stream_is_offered():
    screen = StartScreen("bed-1", "aasm3", MontageWish(), lambda: True, lambda _: None)
    screen.look([(None, AMP)], "")
    assert len(screen.answer({"do": "lobby"})["streams"]) == 1
    screen.advance("recording", "night")
    view = screen.answer({"do": "lobby"})
    assert (view["streams"], view["state"], view["session"]) == ([], "recording", "night")
    assert "error" in screen.answer({"do": "choose", "uids": ["a"]})
