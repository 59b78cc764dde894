"""What a header says: units in every spelling bridges send, legs by their labels, refusals with a remedy."""

from dataclasses import replace

import numpy as np
import pytest

from monitor.model.config import MontageWish
from monitor.model.units import unit_hint, unit_scale_uv
from monitor.montage import (
    Channel,
    StreamDescription,
    find_channel,
    find_derivations,
    leg_of_label,
    read_montage,
    resting_level,
    unknown_units,
    with_levels,
)


def stream(*channels, rate_hz=500.0, kind="float32", measured=False):
    made = tuple(c if isinstance(c, Channel) else Channel(c, "uV", "EMG") for c in channels)
    return StreamDescription("S", "EMG", "id", rate_hz, kind, made, measured=measured)


@pytest.mark.parametrize(
    ("unit", "scale_uv"),
    [
        *((u, 1.0) for u in ("microvolts", "microvolt", "MicroVolts", "uV", "UV", " uV ", "muV", "-6")),
        *((u, 1.0) for u in ("uVolt", "\u00b5Volt")),

        *((u, 1.0) for u in ("\u00b5V", "\u03bcV")),
        *((u, 1e3) for u in ("mV", "millivolts", "millivolt", "-3")),
        *((u, 1e6) for u in ("V", "volts", "volt", "0")),
        *((u, 1e-3) for u in ("nV", "nanovolts", "-9")),
        ("0.1 uV", 0.1), ("0.0488uV", 0.0488), ("2e-3 mV", 2.0),
    ],
)  # fmt: skip
def test_units_in_every_spelling(unit, scale_uv):
    assert unit_scale_uv(unit) == pytest.approx(scale_uv, rel=1e-12)


@pytest.mark.parametrize(
    "unit",
    ["", "bananas", "counts", "code", "-", "milliGs", "0 uV", "-1 uV", "1e999 uV", ". uV", "1 2 uV", "uV/s"],
)  # fmt: skip
def test_what_is_no_unit_is_not_guessed(unit):
    assert unit_scale_uv(unit) is None


def test_a_scaling_factor_is_the_worth_of_one_number():
    assert unit_scale_uv("microvolts", 0.1) == pytest.approx(0.1)
    assert unit_scale_uv("counts", 0.0488) == pytest.approx(0.0488)
    assert unit_scale_uv("ADC", 1.0) is None


@pytest.mark.parametrize(
    ("label", "leg"),
    [
        ("LAT", "left"), ("RAT", "right"), ("Left Leg", "left"), ("Right Leg", "right"), ("Leg/L", "left"),
        ("LEG R", "right"), ("EMG LAT", "left"), ("Tib.ant.re", "right"), ("L_Tibialis", "left"),
        ("tibialis anterior left", "left"), ("PLM_R", "right"), ("PLMl", "left"), ("legLeft", "left"),
        ("RLEG", "right"), ("TA-L", "left"), ("EMG-R-Leg", "right"), ("LegR-Ref", "right"),
    ],
)  # fmt: skip
def test_labels_that_name_a_leg(label, leg):
    assert leg_of_label(label) == leg


@pytest.mark.parametrize(
    "label",
    ["", "chin", "EMG chin L", "ECG", "C3", "Leg", "Left", "Left Right Leg", "plate", "Legend", "EOG left"],
)  # fmt: skip
def test_labels_that_do_not(label):
    assert leg_of_label(label) is None


def test_the_channels_type_helps_a_bare_side():
    assert leg_of_label("EMG L", "EMG") == "left"
    assert leg_of_label("L", "EEG") is None


def test_channels_are_found_by_label_case_and_number():
    channels = [Channel("LAT"), Channel("lat"), Channel("RAT"), Channel("RAT")]
    assert find_channel(channels, "lat") == 1
    assert find_channel(channels, "LAT") == 0
    assert find_channel(channels, "Lat") is None
    assert find_channel(channels, "RAT") is None
    assert find_channel(channels, "#4") == 3
    assert [find_channel(channels, wrong) for wrong in ("#0", "#5", "#x", "")] == [None] * 4


def test_both_legs_by_label():
    reading = read_montage(stream("C3", Channel("Leg/L", "mV"), Channel("Leg/R", "-6")))
    assert [(c.leg, c.index, c.scale_uv, c.how) for c in reading.legs] == [
        ("left", 1, 1e3, "label"),
        ("right", 2, 1.0, "label"),
    ]
    assert reading.usable
    assert reading.warnings == ()


def test_a_wish_comes_before_the_labels_and_names_all_legs():
    reading = read_montage(stream("LAT", "RAT", "X"), MontageWish({"left": "X", "right": ""}, "mV"))
    assert [(c.leg, c.label, c.scale_uv, c.how) for c in reading.legs] == [("left", "X", 1e3, "given")]
    assert "right leg is not scored" in reading.warnings[0]


@pytest.mark.parametrize(
    ("header", "wish", "words"),
    [
        (stream("LAT", "RAT", kind="string"), {}, "text"),
        (stream(), {}, "no channels"),
        (stream("LAT", rate_hz=99.9), {}, "99.9 Hz; leg EMG needs at least 100 Hz"),
        (stream("LAT", rate_hz=0.0, measured=True), {}, "no sampling rate"),
        (stream("C3", "C4"), {}, "channels: C3, C4"),
        (stream("", ""), {}, "2 channels without names: #1, #2"),
        (stream("LAT", "Leg/L"), {}, "several channels could be the left leg (LAT, Leg/L)"),
        (stream(Channel("LAT", "bananas")), {}, "'bananas'; set it with --unit"),
        (stream(Channel("LAT", "")), {}, "the header has no unit"),
        (stream(Channel("", "counts")), {"left": "#1"}, "#1 (left leg): unit is 'counts'"),
        (stream("LAT"), {"left": "LATT"}, "channel 'LATT' for the left leg was not found"),
        (stream("LAT", "RAT"), {"left": "LAT", "right": "#1"}, "the same channel"),
    ],
)
def test_what_stands_in_the_way_is_said_with_its_remedy(header, wish, words):
    reading = read_montage(header, MontageWish(wish))
    assert not reading.usable
    assert words in " ".join(reading.problems)


def test_a_low_rate_is_a_warning():
    reading = read_montage(stream("LAT", "RAT", rate_hz=150.0))
    assert reading.usable
    assert "150 Hz is below 200 Hz" in reading.warnings[0]


def test_a_thousand_channels_are_listed_short():
    reading = read_montage(stream(*(f"E{i}" for i in range(1024))))
    assert len(reading.problems[0]) < 300
    assert "1008 more" in reading.problems[0]


@pytest.mark.parametrize(
    ("wanted", "columns"),
    [
        ("LAT1", [(0,)]), ("LAT1-LAT2", [(0, 1)]), ("#2 - #1", [(1, 0)]), ("lat1+LAT2", [(0,), (1,)]),
        ("LAT1-LAT2 + A-B-C", [(0, 1), (2, 3)]), ("A-B", [(2,)]), ("R+L", [(4,)]),
        ("LAT1-", None), ("LAT1-LAT1", None), ("LAT1+", None), ("LAT1+X", None), ("", None), ("-", None),
    ],
)  # fmt: skip
def test_a_difference_or_several_derivations_can_be_named_and_a_label_with_such_a_sign_comes_first(
    wanted, columns
):
    channels = [Channel(label) for label in ("LAT1", "LAT2", "A-B", "C", "R+L")]
    found = find_derivations(channels, wanted)
    assert (found and [each.columns for each in found]) == columns


def test_a_difference_takes_each_channel_in_its_own_unit():
    header = stream(Channel("LAT1", "uV"), Channel("LAT2", "mV"), "RAT")
    reading = read_montage(header, MontageWish({"left": "LAT1-LAT2", "right": "RAT"}))
    left, right = reading.legs
    values = np.array([[10.0, 0.004, 7.0], [np.nan, 0.0, 1.0]])
    np.testing.assert_allclose(left.signal_uv(values), [6.0, np.nan])
    np.testing.assert_allclose(right.signal_uv(values), [7.0, 1.0])
    assert (left.label, left.columns) == ("LAT1-LAT2", (0, 1))


def test_arms_are_watched_beside_the_legs_and_are_none():
    header = stream("LAT", "RAT", "ARM", "X1", "X2")
    reading = read_montage(header, MontageWish({}, "", {"left_arm": "ARM", "right_arm": "X1-X2"}))
    assert [c.leg for c in reading.legs] == ["left", "right"]
    assert [(c.leg, c.columns) for c in reading.channels if not c.scored] == [
        ("left_arm", (2,)),
        ("right_arm", (3, 4)),
    ]
    assert reading.warnings == ()


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (MontageWish({}, "", {"left_arm": "ARM"}), "channel 'ARM' for the limb left_arm was not found"),
        (MontageWish({}, "", {"left_arm": "RAT"}), "right leg and limb left_arm are the same channel 'RAT'"),
        (MontageWish({"left": "LAT+LAT", "right": "RAT"}), "left leg and left leg are the same channel"),
    ],
)
def test_what_is_wrong_with_a_limb_is_said(wish, words):
    assert words in " ".join(read_montage(stream("LAT", "RAT"), wish).problems)


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (2.1e-6, "2.1 uV if V"), (0.002, "2 uV if mV"), (4.0, "4 uV if uV"),
        (50.0, "none of them is plausible"), (0.1, "none of them is plausible"),
    ],
)  # fmt: skip
def test_a_resting_level_hints_at_one_unit_or_at_none(level, words):
    hint = unit_hint(level)
    assert words in hint
    assert (", so " in hint) == (words != "none of them is plausible")


@pytest.mark.parametrize("level", [None, 0.0, float("nan"), float("inf")])
def test_nothing_measured_is_no_hint(level):
    assert unit_hint(level) == ""


@pytest.mark.parametrize("rate_hz", [200.0, 512.0, 2000.0])
def test_the_resting_level_is_that_of_the_quiet_parts_whatever_the_offset_and_the_movements(rate_hz):
    rng = np.random.default_rng(2)
    n = round(20 * rate_hz)
    x = rng.normal(0, 2.0, n)
    x[n // 2 : n // 2 + n // 4] *= 20
    x += 5000 + 300 * np.sin(2 * np.pi * 0.3 * np.arange(n) / rate_hz)
    x[::97] = np.nan
    assert 1.0 < resting_level(x, rate_hz) < 4.0
    assert np.isnan(resting_level(x[:50], rate_hz))


def test_the_hint_stands_in_the_refusal_and_the_unit_is_still_asked_for():
    header = stream(Channel("LAT", ""), Channel("RAT", "uV"), Channel("STATUS", "-"))
    assert unknown_units(header) == (0,)
    (problem,) = read_montage(with_levels(header, {0: 0.0031})).problems
    assert "the header has no unit; set it with --unit" in problem
    assert "3.1 uV if mV" in problem
    bare = stream(Channel(), Channel())
    assert unknown_units(bare) == (0, 1)
    assert unknown_units(bare, MontageWish({"left": "#2"})) == (1,)
    assert unknown_units(bare, MontageWish({"left": "#2"}, "uV")) == ()
    # Nobody's leg: opening it would start a replay that waits for its first receiver.
    assert unknown_units(replace(bare, rate_hz=20.0)) == ()
