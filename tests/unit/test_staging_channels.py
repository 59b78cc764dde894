"""Which channels stages are estimated from, by the labels that amplifiers send."""

import pytest

from monitor.montage import Channel, StreamDescription
from monitor.staging.channels import StageChannel, find_channels


def stream(*labels, rate_hz=256.0, unit="uV", kind="float32"):
    channels = tuple(
        Channel(*label) if isinstance(label, tuple) else Channel(label, unit) for label in labels
    )
    return StreamDescription("amp", "EEG", "", rate_hz, kind, channels)


def found(*streams, **wish):
    return {c.role: c.label for c in find_channels(list(enumerate(streams, start=1)), wish)}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("LAT", "RAT", "C4-M1", "E1-M2", "Chin"), {"eeg": "C4-M1", "eog": "E1-M2", "chin": "Chin"}),
        (("EEG C3-A2", "EOG LOC-A2", "EMG Chin"),
         {"eeg": "EEG C3-A2", "eog": "EOG LOC-A2", "chin": "EMG Chin"}),
        (("EEG F4:M1", "EOG(L)", "EMG submental"),
         {"eeg": "EEG F4:M1", "eog": "EOG(L)", "chin": "EMG submental"}),
        (("C3", "C4", "M1", "M2", "E2"), {"eeg": "C4-M1", "eog": "E2-M1"}),
        (("Cz",), {"eeg": "Cz"}),
        (("C4-M1", "Chin 1", "Chin 2"), {"eeg": "C4-M1", "chin": "Chin 1-Chin 2"}),
        (("Chin1-Chin2", "O2-A1"), {"eeg": "O2-A1", "chin": "Chin1-Chin2"}),
        (("C3", "C3-M2", "M2"), {"eeg": "C3-M2"}),
        (("F4-M1", "C3-M2"), {"eeg": "C3-M2"}),
    ],
)  # fmt: skip
def test_channels_are_found_by_their_labels(labels, expected):
    assert found(stream(*labels)) == expected


@pytest.mark.parametrize(
    "labels",
    [
        ("LAT", "RAT"),
        ("E1-M2", "Chin"),
        ("ECG", "Left Leg", "Right Leg", "Snoring"),
        ("C4 impedance",),
        (("M1", "uV", "EEG"),),
    ],
)
def test_without_an_eeg_there_is_nothing(labels):
    assert found(stream(*labels)) == {}


def test_a_channel_that_only_its_type_calls_an_eeg_is_the_last_choice():
    assert found(stream(("7", "uV", "EEG"), ("O1-M2", "uV", "EEG"))) == {"eeg": "O1-M2"}
    assert found(stream(("7", "uV", "EEG"))) == {"eeg": "7"}


def test_slow_streams_texts_and_unknown_units_are_passed_over():
    assert found(stream("C4-M1", rate_hz=64.0), stream("C3-M2")) == {"eeg": "C3-M2"}
    assert found(stream("C4-M1", kind="string")) == {}
    assert found(stream(("C4-M1", "mmHg"), "F4-M1")) == {"eeg": "F4-M1"}


def test_signals_may_come_from_several_streams_and_in_any_unit():
    chosen = find_channels([(1, stream("LAT", "Chin", unit="V")), (2, stream("C4-M1", unit="mV"))])
    assert [(c.role, c.stream, c.scale_uv) for c in chosen] == [("eeg", 2, 1e3), ("chin", 1, 1e6)]


def test_a_named_channel_comes_before_the_labels():
    both = stream("C4-M1", "F3-M2", "Oz")
    assert found(both, eeg="#3") == {"eeg": "Oz"}
    assert found(both, eeg="f3-m2") == {"eeg": "F3-M2"}
    assert found(both, eeg="Pz") == {}


def test_the_journal_gives_the_same_channel_back():
    (channel,) = find_channels([(3, stream("C4", "M1"))])
    assert channel.minus == 1
    assert StageChannel.of(channel.as_dict()) == channel
