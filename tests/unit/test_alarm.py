"""What sounds and when: by priority, repeated until seen, silent while paused; and what is said of it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.waiting import wait_for

from monitor.dashboard.viewmodel import sound
from monitor.dashboard.viewmodel.alarm import PAUSE_S, REPEAT_S, Alarm, Sounding, still_seen
from monitor.dashboard.viewmodel.sound import RATE_HZ, Speaker, system_backends, tone, try_device
from monitor.session.alert_priority import Priority
from monitor.session.current_alerts import Alert

miniaudio = pytest.importorskip("miniaudio")
LOST = Alert("medium", "Left leg missing", "lost-left")
HUM = Alert("low", "mains in the left leg", "mains-left")
DISK = Alert("high", "Data is not being written", "trouble")
NULL = [miniaudio.Backend.NULL]


def heard(
    alarm: Alarm, until_s: int, alerts: tuple[Alert, ...], seen: frozenset[str] = frozenset(), from_s: int = 0
) -> list[tuple[int, Priority]]:
    """List when what sounds, looked at each second."""
    found = ((t_s, alarm.due(alerts, seen, float(t_s), is_recording=True)) for t_s in range(from_s, until_s))
    return [(t_s, due) for t_s, due in found if due is not None]


@pytest.mark.parametrize("alert", [DISK, LOST, HUM], ids=lambda alert: alert.priority)
def test_sounds_at_once_and_again_by_priority(alert: Alert) -> None:
    every_s = int(REPEAT_S[alert.priority])
    times = [t_s for t_s, _ in heard(Alarm(), 3 * every_s, (alert,))]
    assert times == [0, every_s, 2 * every_s]


def test_what_is_more_urgent_sounds_more_often() -> None:
    assert REPEAT_S["high"] < REPEAT_S["medium"] < REPEAT_S["low"]


def test_acknowledged_is_silent_and_a_new_cause_sounds() -> None:
    alarm = Alarm()
    assert heard(alarm, 1, (LOST,)) == [(0, "medium")]
    seen = frozenset({LOST.key})
    assert heard(alarm, 100, (LOST,), seen, from_s=1) == []
    assert heard(alarm, 101, (LOST, HUM), seen, from_s=100) == [(100, "low")]


def test_a_worse_alert_does_not_wait_for_the_repeat_of_a_lesser() -> None:
    alarm = Alarm()
    assert heard(alarm, 2, (HUM,)) == [(0, "low")]
    assert heard(alarm, 3, (LOST, HUM), from_s=2) == [(2, "medium")]
    assert heard(alarm, 4, (DISK, LOST, HUM), from_s=3) == [(3, "high")]


def test_a_lesser_alert_that_comes_does_not_repeat_the_worse_one_sooner() -> None:
    alarm = Alarm()
    assert heard(alarm, 1, (LOST,)) == [(0, "medium")]
    assert heard(alarm, 3, (LOST, HUM), from_s=1) == []


def test_a_pause_lasts_two_minutes_and_what_still_stands_sounds_then() -> None:
    alarm = Alarm()
    assert alarm.pause(10.0)
    assert alarm.pause_left_s(70.0) == PAUSE_S - 60.0
    assert heard(alarm, 132, (DISK,), from_s=10) == [(130, "high")]
    assert alarm.pause_left_s(130.0) == 0.0


def test_the_same_key_ends_the_pause() -> None:
    alarm = Alarm()
    alarm.pause(10.0)
    assert not alarm.pause(20.0)
    assert heard(alarm, 21, (LOST,), from_s=20) == [(20, "medium")]


def test_a_night_that_never_ran_here_is_silent_and_one_that_breaks_off_is_not() -> None:
    alarm, cut = Alarm(), (Alert("high", "No recorder answers", "cut"),)
    assert alarm.due(cut, (), 0.0, is_recording=False) is None
    assert alarm.due((), (), 1.0, is_recording=True) is None
    assert alarm.due(cut, (), 2.0, is_recording=False) == "high"


def test_an_acknowledgement_ends_with_its_alert() -> None:
    seen: dict[str, Priority] = {LOST.key: "medium"}
    assert still_seen(seen, (LOST, HUM)) == seen
    assert still_seen(still_seen(seen, ()), (LOST,)) == {}


def test_what_becomes_worse_wants_to_be_seen_again() -> None:
    worse = Alert("high", "Both legs missing", LOST.key)
    assert still_seen({LOST.key: "medium"}, (worse,)) == {}
    assert still_seen({LOST.key: "high"}, (LOST,)) == {LOST.key: "high"}


@given(st.lists(st.tuples(st.sampled_from([(), (HUM,), (LOST,), (DISK, LOST)]), st.integers(1, 40))))
def test_nothing_seen_sounds_and_nothing_unseen_stays_silent(
    steps: list[tuple[tuple[Alert, ...], int]],
) -> None:
    alarm, now_s, silent_s = Alarm(), 0.0, 0.0
    for alerts, length_s in steps:
        for _ in range(length_s):
            now_s += 1.0
            assert Alarm().due(alerts, {a.key for a in alerts}, now_s, is_recording=True) is None
            due = alarm.due(alerts, (), now_s, is_recording=True)
            silent_s = 0.0 if due is not None or not alerts else silent_s + 1.0
            if alerts:
                assert due is None or due == alerts[0].priority
                assert silent_s <= REPEAT_S[alerts[0].priority]


# -- the device -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("priority", ["high", "medium", "low"])
def test_tones_are_loud_soft_at_the_edges_and_short(priority: Priority) -> None:
    samples = tone(priority)
    assert 8_000 < np.abs(samples).max() <= 20_000
    assert abs(int(samples[0])) < 10
    # A step larger than that of its own wave would be a click.
    assert np.abs(np.diff(samples.astype(int))).max() < 3_000
    assert len(samples) / RATE_HZ < min(2.0, REPEAT_S[priority])


def test_a_device_is_opened_and_takes_the_whole_tone() -> None:
    assert try_device(None, NULL).works
    assert try_device(tone("low"), NULL).works


def test_a_backend_that_is_not_here_says_so() -> None:
    other = (
        miniaudio.Backend.WASAPI if miniaudio.Backend.WASAPI not in miniaudio.get_enabled_backends() else None
    )
    if other is None:
        pytest.skip("this system has it")
    assert try_device(None, [other]).works is False


def test_no_card_means_that_alsa_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    monkeypatch.setattr(sys, "platform", "linux")
    assert miniaudio.Backend.ALSA not in system_backends(cards)
    for text, has_alsa in (("--- no soundcards ---\n", False), (" 0 [PCH]: HDA-Intel\n", True)):
        cards.write_text(text)
        assert (miniaudio.Backend.ALSA in system_backends(cards)) is has_alsa


def test_a_speaker_tries_at_the_start_and_again_with_each_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    answers = iter([sound.SoundState(False, "No sound: none"), sound.SoundState(True, "plugged in")])

    def instead(samples, backends, ending):  # type: ignore[no-untyped-def]
        tried.append(None if samples is None else len(samples))
        return next(answers)

    monkeypatch.setattr(sound, "try_device", instead)
    speaker = Speaker()
    speaker.start()
    wait_for(lambda: speaker.state.works is False, "failed try")
    wait_for(lambda: speaker.play("high"), "end of the try")
    wait_for(lambda: speaker.state.works, "try that works")
    speaker.close()
    assert tried == [None, len(tone("high"))]


def test_a_stuck_sound_server_is_told_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, is_in = threading.Event(), threading.Event()

    def hang(*_):  # type: ignore[no-untyped-def]
        is_in.set()
        stuck.wait(60.0)
        return sound.SoundState(True, "at last")

    monkeypatch.setattr(sound, "try_device", hang)
    speaker = Speaker(stuck_after_s=0.0)
    speaker.start()
    assert is_in.wait(20.0)
    wait_for(lambda: speaker.state.works is False, "failed try")
    assert "does not respond" in speaker.state.text
    assert not speaker.play("high")
    speaker.close(0.01)
    stuck.set()
    wait_for(lambda: all(each.name != "speaker" for each in threading.enumerate()), "end of the thread")


class Loudspeaker:
    def __init__(self) -> None:
        self.state, self.played = sound.SoundState(True, "Sound output: Test"), []

    def start(self) -> None: ...
    def close(self) -> None: ...

    def play(self, priority: Priority, *, is_loud: bool = False) -> bool:
        del is_loud
        self.played.append(priority)
        return True


def test_an_alert_that_comes_during_another_sound_is_heard_once_that_is_over() -> None:
    """It was dropped, and heard only when its repetition was due, for a high alert 8 s later."""
    now_s, is_busy = 0.0, False

    class Busy(Loudspeaker):
        def play(self, priority: Priority, *, is_loud: bool = False) -> bool:
            return not is_busy and super().play(priority, is_loud=is_loud)

    speaker = Busy()
    sounding = Sounding(speaker, clock=lambda: now_s)  # type: ignore[arg-type]
    low = Alert("low", "No stage for 95 s", "stage")
    sounding.update((low,), (), is_recording=True)
    is_busy = True
    for _ in range(3):
        now_s += 0.2
        sounding.update((DISK, low), (), is_recording=True)
    assert speaker.played == ["low"]
    now_s, is_busy = 0.8, False
    sounding.update((DISK, low), (), is_recording=True)
    sounding.update((DISK, low), (), is_recording=True)
    assert speaker.played == ["low", "high"]


def test_what_is_said_of_the_sound() -> None:
    now_s = 0.0
    speaker = Loudspeaker()
    sounding = Sounding(speaker, clock=lambda: now_s)  # type: ignore[arg-type]
    assert sounding.text == "sound on"
    assert "Sound output: Test" in sounding.change()
    assert sounding.change() == ""
    sounding.pause()
    assert sounding.text == "sound paused 2:00"
    now_s = 60.5
    assert sounding.text == "sound paused 1:00"
    sounding.update((DISK,), (), is_recording=True)
    assert speaker.played == []
    now_s = 120.0
    sounding.update((DISK,), (), is_recording=True)
    assert speaker.played == ["high"]
    speaker.state = sound.SoundState(False, "No sound: the device does not open")
    assert sounding.text == "NO SOUND"
    assert "shown on the screen only" in sounding.change()


def test_a_window_without_a_speaker_says_so() -> None:
    assert Sounding().text == "NO SOUND"
    assert "shown on the screen only" in Sounding().test()
