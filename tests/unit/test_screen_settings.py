"""The settings of a bed's screen: kept per bed, private, and never a reason not to open the screen."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.dashboard.theme import NIGHT, RED
from monitor.dashboard.viewmodel.settings import SavedChoice, SavedStream, ScreenSettings, SettingsFile
from monitor.dashboard.viewmodel.stream_selection import Choice, OfferedStream, StartDefaults, saved_streams
from monitor.model.errors import InputError

CHANGED = ScreenSettings(
    theme="red", sweep_s=60, full_uv=50, band_hz=(20.0, 200.0), notch_hz=0.0, shows_envelope=False,
    text_scale=1.3, log_filter="notes",
    choice=SavedChoice(streams=(SavedStream(name="Amp", source_id="a1"),), left="LAT", right="RAT"),
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "screen" / "bed-3.json")


def test_what_was_saved_is_found_again_and_is_private(file: SettingsFile) -> None:
    file.save(CHANGED)
    assert file.load() == (CHANGED, "")
    assert [path.name for path in file.path.parent.iterdir()] == ["bed-3.json"]
    if sys.platform != "win32":
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_without_a_file_the_usual_settings_stand(file: SettingsFile) -> None:
    assert file.load() == (ScreenSettings(), "")


def test_every_bed_has_its_own() -> None:
    assert SettingsFile.of_bed("bed-1").path != SettingsFile.of_bed("bed-2").path
    with pytest.raises(InputError):
        SettingsFile.of_bed("../../etc/passwd")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '{"theme": ', "\x00\x01"])
def test_a_damaged_file_is_ignored_and_told(file: SettingsFile, text: str) -> None:
    file.path.parent.mkdir()
    file.path.write_text(text)
    settings, problem = file.load()
    assert settings == ScreenSettings()
    assert str(file.path) in problem
    assert "damaged" in problem


def test_bytes_that_are_no_text_are_told(file: SettingsFile) -> None:
    file.path.parent.mkdir()
    file.path.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in file.load()[1]


def test_one_wrong_value_costs_only_itself(file: SettingsFile) -> None:
    file.save(CHANGED)
    document = json.loads(file.path.read_text()) | {"theme": "purple", "sweep_s": 31, "from_a_newer": 1}
    file.path.write_text(json.dumps(document))
    settings, problem = file.load()
    assert settings == CHANGED.model_copy(update={"theme": "night", "sweep_s": 30})
    assert "theme, sweep_s cannot be used" in problem


@given(st.binary(max_size=200))
def test_no_file_keeps_the_screen_from_opening(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(data)
    assert isinstance(SettingsFile(path).load()[0], ScreenSettings)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        SettingsFile(tmp_path / "file" / "bed.json").save(CHANGED)


# -- the streams of last time ---------------------------------------------------------------------------


def stream(uid: str, **more: object) -> OfferedStream:
    answer = {
        "uid": uid,
        "name": "Amp",
        "type": "EMG",
        "source_id": "a1",
        "hostname": "psg",
        "rate_hz": 500.0,
    }
    return OfferedStream.of(answer | {"channels": [{"label": "LAT"}, {"label": "RAT"}]} | more)


def choice_of(*streams: OfferedStream) -> SavedChoice:
    uids = tuple(each.uid for each in streams)
    return Choice(uids, "LAT", "RAT", "uV", "bed-3", "wasm2016").to_save(streams)


def test_a_stream_is_known_again_under_another_uid() -> None:
    assert saved_streams([stream("new"), stream("x", source_id="b2")], choice_of(stream("old"))) == {"new"}


def test_all_remembered_streams_must_be_there() -> None:
    both = choice_of(stream("old"), stream("m", name="Stager", source_id="s"))
    assert saved_streams([stream("new")], both) == frozenset()
    assert saved_streams([stream("new"), stream("n", name="Stager", source_id="s")], both) == {"new", "n"}


def test_two_of_the_same_kind_are_not_guessed_between() -> None:
    assert saved_streams([stream("a"), stream("b")], choice_of(stream("old"))) == frozenset()


def test_a_simulated_stream_is_never_taken_for_the_remembered_one() -> None:
    assert saved_streams([stream("new", simulated=True)], choice_of(stream("old"))) == frozenset()


def test_without_an_id_the_machine_must_be_the_same() -> None:
    before = choice_of(stream("old", source_id=""))
    assert saved_streams([stream("new", source_id="", hostname="other")], before) == frozenset()
    assert saved_streams([stream("new", source_id="")], before) == {"new"}


def test_the_memory_of_a_bed_survives_and_leaves_the_other_settings_alone(file: SettingsFile) -> None:
    file.save(CHANGED.model_copy(update={"choice": None}))
    memory = StartDefaults(lambda _: file)
    memory.save(Choice(("a",), "LAT", "RAT", "uV", "bed-3", "wasm2016"), [stream("a")])
    assert file.load()[0].theme == "red"
    again = StartDefaults(lambda _: file)
    assert again.of_bed("bed-3") == (RED, "")
    assert again.recall([]) is None
    found = again.recall([stream("later")])
    assert found is not None
    assert found[0] == {"later"}
    assert (found[1].left, found[1].unit, found[1].main_profile) == ("LAT", "uV", "wasm2016")
    # Whoever takes the tick away again is not asked twice.
    assert again.recall([stream("later")]) is None


def test_a_memory_without_a_place_remembers_nothing() -> None:
    memory = StartDefaults(None)
    memory.save(Choice(("a",), "LAT", "RAT", "uV", "bed-3", "wasm2016"), [stream("a")])
    assert memory.of_bed("bed-3") == (NIGHT, "")
    assert memory.recall([stream("a")]) is None
