"""Annotations in the marker grammar."""

from monitor.files import Annotation
from monitor.files.recording_markers import ReplayMarker, recording_markers


def test_a_stage_becomes_one_marker_for_each_epoch_sent_when_it_is_over():
    markers = recording_markers([Annotation(60.0, 90.0, "Sleep stage N2")])
    assert markers == [ReplayMarker(60.0 + 30 * (k + 1), 60.0 + 30 * k, "Sleep stage N2") for k in range(3)]


def test_other_durations_follow_the_text():
    found = {
        m.text for m in recording_markers([Annotation(1.0, 23.4, "hypopnea"), Annotation(2.0, 45.0, "apnea")])
    }
    assert found == {"hypopnea 23.4", "apnea 45"}


def test_points_positions_and_short_stages_are_sent_as_they_are():
    annotations = [
        Annotation(1.0, 0.0, "lights_off"),
        Annotation(2.0, 12.0, "position supine"),
        Annotation(3.0, 0, "R"),
    ]
    assert [m.text for m in recording_markers(annotations)] == ["lights_off", "R", "position supine"]


def test_markers_come_in_the_order_in_which_they_are_over():
    markers = recording_markers([Annotation(0.0, 30.0, "N2"), Annotation(5.0, 3.0, "arousal")])
    assert [m.text for m in markers] == ["arousal 3", "N2"]


def test_stages_in_words_of_other_programs_and_epochs_of_other_lengths():
    """A marker holds for 30 s; the next stage ends it earlier."""
    markers = recording_markers([Annotation(0.0, 90.0, "SLEEP-S2"), Annotation(90.0, 20.0, "NREM1")])
    assert [(m.onset_s, m.text) for m in markers] == [
        (0.0, "SLEEP-S2"),
        (30.0, "SLEEP-S2"),
        (60.0, "SLEEP-S2"),
        (90.0, "NREM1"),
    ]
