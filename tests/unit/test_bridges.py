"""Headers of real bridges: read right live and from a file, or refused with the lines that would settle it.

The headers in `bridges/` are laid out as each bridge's published source writes them, quirks and all.
"""

import ctypes
import json
from pathlib import Path

import numpy as np
import pylsl
import pytest
from pylsl.lib import lib

from monitor.files import read_recording
from monitor.files.description import description_of
from monitor.lsl.header import describe
from monitor.model.config import MontageWish, load_config, shipped
from monitor.model.errors import InputError
from monitor.montage import (
    Channel,
    StreamDescription,
    assign_legs,
    configuration_lines,
    describe_reading,
    read_montage,
)
from monitor.session.xdf import XdfWriter

FOLDER = Path(__file__).with_name("bridges")
BRIDGES = sorted(path.stem for path in FOLDER.glob("*.xml"))

# What each header says without any help: left and right leg as (channel, uV per number).
READ_AS_IT_IS = {
    "tmsi_apex": ((0, 1.0), (1, 1.0)),
    "brainamp_int16": ((2, 0.1), (3, 0.1)),
    "brainamp_coarse": ((0, 152.6), (1, 152.6)),
    "actichamp": ((1, 1.0), (2, 1.0)),
    "egi_counts": ((1, 0.0488), (2, 0.0488)),
    "mne_lsl_player": ((0, 1e6), (1, 1.0)),
}
# Those that say too little: why, and the channels that are proposed.
REFUSED = {
    # Left and right EMG of what? Its type is EEG, it may be the chin.
    "brainvision_rda": ("no channel is labelled as a leg", '"EMG_L"', '"EMG_R"', False),
    "tmsi_saga": ("no channel is labelled as a leg", '"BIP 01"', '"BIP 02"', False),
    "liveamp": ("no channel is labelled as a leg", '"AUX_1"', '"AUX_2"', False),
    "gtec_needaccess": ("no channel is labelled as a leg", '"Ch1"', '"Ch2"', False),
    "eego_sports": ("no channel is labelled as a leg", '"Ch0"', '"Ch1"', False),
    "neuroscan": ("33 channels without names", '"#1"', '"#2"', True),
    "b_alert": ("no channel is labelled as a leg", '"AUX1"', '"AUX2"', True),
    "openbci_gui": ("8 channels without names", '"#1"', '"#2"', True),
    "openbci_lsl": ("no channel is labelled as a leg", '"Fp1"', '"Fp2"', False),
    "delsys_trigno": ("16 channels without names", '"#1"', '"#2"', True),
    "cometa": ("16 channels without names", '"#1"', '"#2"', True),
    "mentalab": ("no channel is labelled as a leg", '"ch1"', '"ch2"', False),
    "faros": ("no channel is labelled as a leg", '"ECG"', '""', False),
    "biosemi": ("no channel is labelled as a leg", '"EXG1"', '"EXG2"', False),
    "muse": ("no channel is labelled as a leg", '"Right AUX"', '"TP9"', False),
    "liblsl_chunks": ("no channel is labelled as a leg", '"Left"', '"Right"', False),
    "pylsl_senddata": ("8 channels without names", '"#1"', '"#2"', True),
}


def header(name: str) -> str:
    return (FOLDER / f"{name}.xml").read_text(encoding="utf-8")


def live(name: str):
    """Let liblsl itself read the header, as it does one that comes over the network."""
    lib.lsl_streaminfo_from_xml.restype = ctypes.c_void_p
    handle = lib.lsl_streaminfo_from_xml(ctypes.c_char_p(header(name).encode()))
    return describe(pylsl.StreamInfo(handle=handle))


def read(stream, wish=None):
    return tuple((leg.index, pytest.approx(leg.scale_uv)) for leg in read_montage(stream, wish).legs)


def test_every_header_has_its_expectation():
    assert set(BRIDGES) == set(READ_AS_IT_IS) | set(REFUSED)
    assert len(BRIDGES) >= 12


@pytest.mark.parametrize("name", sorted(READ_AS_IT_IS))
def test_a_header_that_says_enough_is_read_as_it_is(name):
    stream = live(name)
    assert read(stream) == READ_AS_IT_IS[name]
    assert read_montage(stream).problems == ()
    assert configuration_lines(stream, read_montage(stream)) == []


def test_a_unit_that_is_a_power_of_ten_is_told_by_its_name():
    stream = live("mne_lsl_player")
    lines = describe_reading(stream, read_montage(stream))
    assert "in V (written '0')" in lines[0]
    assert "in uV (written '-6')" in lines[1]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_one_that_does_not_is_refused_and_what_is_proposed_makes_it_usable(name, tmp_path):
    why, left, right, without_unit = REFUSED[name]
    stream = live(name)
    reading = read_montage(stream)
    assert not reading.usable
    assert why in reading.problems[0]
    lines = configuration_lines(stream, reading)
    text = "\n".join(lines)
    assert f"left = {left}" in text
    assert f"right = {right}" in text
    assert ("unit = " in text) is without_unit
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    wish = load_config(str(path)).wish
    settled = read_montage(stream, wish)
    assert settled.problems == ()
    assert [json.dumps(wish.channels[leg.leg]) for leg in settled.legs] == [
        n for n in (left, right) if n != '""'
    ]


@pytest.mark.parametrize("name", sorted(READ_AS_IT_IS))
def test_a_file_recorded_of_it_is_worth_the_same_microvolts(name, tmp_path):
    stream = live(name)
    path = tmp_path / "lab.xdf"
    writer = XdfWriter(path)
    n = len(stream.channels)
    writer.add_stream(1, header(name), stream.channel_format, n)
    numbers = np.arange(1, n + 1)[None, :] * np.ones((600, 1))
    writer.samples(1, numbers, 10.0 + np.arange(600) / stream.rate_hz)
    writer.close()
    (recorded,) = read_recording(path).streams
    for index, scale_uv in READ_AS_IT_IS[name]:
        channel = recorded.channels[index]
        value = recorded.read([index], 0, 1)[0, 0]
        leg = next(leg for leg in _legs(recorded) if leg.index == index)
        assert value * leg.scale_uv == pytest.approx((index + 1) * scale_uv), channel


def _legs(recorded):
    return read_montage(description_of(recorded)).legs


@pytest.mark.parametrize("name", sorted(n for n in shipped() if n.startswith("amplifiers/")))
def test_a_ready_configuration_makes_its_bridge_usable(name):
    stream = live(FITS[name])
    wish = load_config(name).wish
    reading = read_montage(stream, wish)
    assert reading.usable, reading.problems
    assert [leg.leg for leg in reading.legs] == ["left", "right"]
    assert len({leg.scale_uv for leg in reading.legs}) == 1


FITS = {
    "amplifiers/tmsi": "tmsi_saga",
    "amplifiers/delsys": "delsys_trigno",
    "amplifiers/cometa": "cometa",
    "amplifiers/openbci": "openbci_gui",
    "amplifiers/gtec": "gtec_needaccess",
    "amplifiers/liveamp": "liveamp",
    "amplifiers/eego": "eego_sports",
    "amplifiers/biosemi": "biosemi",
    "amplifiers/b-alert": "b_alert",
    "amplifiers/mentalab": "mentalab",
    "amplifiers/neuroscan": "neuroscan",
}


def test_every_ready_configuration_has_a_header_here():
    assert {n for n in shipped() if n.startswith("amplifiers/")} == set(FITS)


def test_a_header_that_would_not_help_proposes_nothing():
    stream = live("delsys_trigno")
    slow = stream.__class__("S", "EMG", "i", 50.0, "float32", stream.channels)
    assert configuration_lines(slow, read_montage(slow)) == []
    irregular = stream.__class__("S", "PLMS", "i", 0.0, "float32", stream.channels, measured=True)
    assert configuration_lines(irregular, read_montage(irregular)) == []
    text = stream.__class__("S", "Markers", "i", 0.0, "string", stream.channels[:1])
    assert configuration_lines(text, read_montage(text)) == []


def test_of_several_streams_that_say_too_little_the_emg_is_told_of():
    sensors = StreamDescription("AUX", "ACC", "a", 148.0, "float32", (Channel("s1_accX", "g", "ACC"),))
    with pytest.raises(InputError, match="stream 'Delsys'") as refused:
        assign_legs([(None, sensors), (None, live("delsys_trigno"))], MontageWish())
    assert '--left "#1" --right "#2" --unit "uV"' in str(refused.value)
    assert "\n" not in str(refused.value)
    assert configuration_lines(sensors, read_montage(sensors)) == []
