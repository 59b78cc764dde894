"""What the recorder's start screen makes of the answer to its question."""

from monitor.model.config import MontageWish
from monitor.recorder.start_screen import StartScreen


def test_the_offer_is_seen_until_it_is_answered_and_the_answer_stands():
    screen = StartScreen("bed-1", "aasm3", MontageWish(), lambda: True, lambda _: None)
    assert screen.answer({"do": "lobby"})["cut_off"] is None
    offer = {"session": "s", "left_s": 10.0}
    assert screen.offer(offer) is None
    assert screen.answer({"do": "lobby"})["cut_off"] == offer
    assert screen.answer({"do": "resume", "yes": True}) == {"ok": True}
    assert screen.offer(offer) is True
    assert screen.answer({"do": "lobby"})["cut_off"] is None
