"""Which channels have a lane beside the legs, as what, in which unit."""

import pytest

from monitor.model.config import MontageWish, config_from, load_config
from monitor.model.errors import InputError
from monitor.model.lanes import KINDS, NAMES, LaneWish, find_lanes, kind_of
from monitor.montage import Channel, StreamDescription
from monitor.recorder.start_screen import StartScreen

AMPLIFIER = [
    ("LAT", "uV", "EMG"),
    ("RAT", "uV", "EMG"),
    ("C4", "mV", "EEG"),
    ("M1", "mV", "EEG"),
    ("E1-M2", "uV", ""),
    ("Chin", "uV", "EMG"),
    ("Flow", "L/min", ""),
    ("Resp chest", "", ""),
    ("SpO2", "%", ""),
    ("Body position", "", ""),
    ("Snore", "V", ""),
]


@pytest.mark.parametrize(
    ("label", "channel_type", "kind"),
    [
        ("EEG C4-M1", "", "eeg"),
        ("Fp1", "", "eeg"),
        ("electrode 7", "EEG", "eeg"),
        ("M1", "EEG", None),
        ("EOG L", "", "eog"),
        ("ROC-A1", "", "eog"),
        ("EMG Chin 1", "", "chin"),
        ("Nasal pressure", "", "airflow"),
        ("Pressure nasal", "", "airflow"),
        ("Resp oro-nasal", "", "airflow"),
        ("Therm1", "", "airflow"),
        ("THO", "", "effort"),
        ("Abdomen", "", "effort"),
        ("SAO2", "", "spo2"),
        ("Pos", "", "position"),
        ("Body temp", "", None),
        ("Microphone", "", "snore"),
        ("Video time", "", "video"),
        ("C4 impedance", "EEG", None),
        ("EMG leg L", "EMG", None),
        ("", "", None),
    ],
)
def test_a_channel_is_recognised_by_its_label(label, channel_type, kind):
    assert kind_of(label, channel_type) == kind


def test_lanes_come_in_the_order_of_the_kinds_with_their_units():
    found = find_lanes(3, AMPLIFIER, taken=(0, 1))
    assert [(lane.kind, lane.label, lane.unit, lane.scale, lane.minus) for lane in found] == [
        ("eeg", "C4-M1", "µV", 1000.0, 3),
        ("eog", "E1-M2", "µV", 1.0, None),
        ("chin", "Chin", "µV", 1.0, None),
        ("airflow", "Flow", "L/min", 1.0, None),
        ("effort", "Resp chest", "", 1.0, None),
        ("spo2", "SpO2", "%", 1.0, None),
        ("position", "Body position", "", 1.0, None),
        ("snore", "Snore", "V", 1.0, None),
    ]
    assert {lane.stream for lane in found} == {3}


def test_only_the_kinds_and_channels_that_were_wished_for_have_a_lane():
    assert find_lanes(1, AMPLIFIER, LaneWish()) == ()
    found = find_lanes(1, AMPLIFIER, LaneWish(("spo2",), {"LAT": "snore", "Snore": "airflow"}), taken=(0,))
    assert [(lane.kind, lane.label) for lane in found] == [("airflow", "Snore"), ("spo2", "SpO2")]


def test_a_voltage_without_a_known_unit_is_shown_as_sent():
    (lane,) = find_lanes(1, [("C3-M2", "bananas", "")])
    assert (lane.unit, lane.scale) == ("bananas", 1.0)


def test_every_kind_is_described_once():
    assert tuple(KINDS) == NAMES
    words = [word for kind in KINDS.values() for word in kind.words]
    assert len(words) == len(set(words))


def test_a_wrong_lane_in_the_configuration_is_named_with_file_field_and_value(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[lanes]\nshow = ["eeg", "airflo"]\n[lanes.channels]\n"PNT" = "flow"\nextra = 3\n')
    with pytest.raises(InputError) as caught:
        load_config(str(path))
    said = str(caught.value)
    assert str(path) in said
    for field, value in (("line 2: lanes.show", "'airflo'"), ("line 4: lanes.channels.PNT", "'flow'")):
        (line,) = [each for each in said.splitlines() if field in each and value in each]
        assert "'airflow'" in line
    assert "lanes.channels.extra = 3" in said


def test_the_configuration_chooses_kinds_and_channels(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[lanes]\nshow = ["auto"]\n[lanes.channels]\n"PNT" = "airflow"\n')
    config = load_config(str(path))
    assert config.lanes == LaneWish(("auto",), {"PNT": "airflow"})
    chosen = config.with_lanes({"C4": "eeg"})
    assert chosen.lanes == LaneWish((), {"C4": "eeg"})
    # A resumed session has the lanes it was begun with.
    assert config_from(chosen.document, "journal").lanes == chosen.lanes
    assert load_config().lanes.is_empty


def test_on_the_start_screen_recognised_channels_are_offered_and_a_choice_is_checked():
    labels = ("LAT", "RAT", "C4-M1", "SpO2", "PNT")
    amplifier = StreamDescription(
        "Amp", "EMG", "amp", 500.0, "float32", tuple(Channel(label, "uV") for label in labels), uid="a"
    )
    screen = StartScreen(
        "bed-1", "aasm3", MontageWish(), lambda: True, lambda _: None,
        lanes=LaneWish(("eeg",), {"PNT": "airflow"}),
    )  # fmt: skip
    screen.look([(None, amplifier)], "")
    (offered,) = screen.answer({"do": "lobby"})["streams"]
    assert [(lane["channel"], lane["kind"], lane["is_shown"]) for lane in offered["lanes"]] == [
        ("C4-M1", "eeg", True),
        ("PNT", "airflow", True),
        ("SpO2", "spo2", False),
    ]
    wrong = screen.answer({"do": "choose", "uids": ["a"], "lanes": {"SpO2": "oxygen"}})
    assert wrong["error"].startswith("lanes = {'SpO2': 'oxygen'}: expected")
    assert screen.picked is None
    assert screen.answer({"do": "choose", "uids": ["a"]}) == {"ok": True}
    assert screen.picked.lanes is None
    assert screen.answer({"do": "choose", "uids": ["a"], "lanes": {"SpO2": "spo2"}}) == {"ok": True}
    assert screen.picked.lanes == {"SpO2": "spo2"}
