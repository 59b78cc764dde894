"""Scored lists in other programs' forms: XML, Noxturnal CSV, EDF+ annotations."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import edfio
import numpy as np
import pytest

from monitor.files import read_recording
from monitor.files.scored_lists import listed_facts, read_annotations
from monitor.files.scored_rows import ListOptions
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.model.labels import DEFAULT_LABELS
from monitor.scoring import Epoch, LegSpan, Movement, Night, Span
from monitor.session.state import SessionState

S = 1_000_000


def saved(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path: Path, **more) -> str:
    with pytest.raises(InputError) as caught:
        read_annotations(path, ListOptions(**more))
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def nsrr(*events: tuple[str, str, str]) -> str:
    rows = "".join(
        f"<ScoredEvent>\n<EventType>x|x</EventType><EventConcept>{concept}</EventConcept>"
        f"<Start>{start}</Start><Duration>{duration}</Duration></ScoredEvent>\n"
        for start, duration, concept in events
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<PSGAnnotation><EpochLength>30</EpochLength>\n'
    return f"{head}<ScoredEvents>\n{rows}</ScoredEvents></PSGAnnotation>\n"


PROFUSION = """<?xml version="1.0"?>
<CMPStudyConfig>
<EpochLength>30</EpochLength>
<ScoredEvents>
<ScoredEvent><Name>PLM (Right)</Name><Start>61.4</Start><Duration>1.7</Duration></ScoredEvent>
<ScoredEvent><Name>Limb Movement (Left)</Name><Start>62</Start><Duration>2</Duration></ScoredEvent>
<ScoredEvent><Name>Arousal (STANDARD)</Name><Start>63</Start><Duration>4.9</Duration></ScoredEvent>
<ScoredEvent><Name>SpO2 desaturation</Name><Start>64</Start><Duration>20</Duration></ScoredEvent>
</ScoredEvents>
<SleepStages><SleepStage>0</SleepStage><SleepStage>2</SleepStage><SleepStage>4</SleepStage>
<SleepStage>5</SleepStage><SleepStage>9</SleepStage><SleepStage>6</SleepStage></SleepStages>
</CMPStudyConfig>
"""


def test_nsrr_xml(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        "night-nsrr.xml",
        nsrr(
            ("0", "600", "Recording Start Time"),
            ("0", "60", "Wake|0"),
            ("60", "90.0", "Stage 2 sleep|2"),
            ("150", "30", "Stage 4 sleep|4"),
            ("180", "30", "REM sleep|5"),
            ("210", "30", "Unscored|9"),
            ("100.5", "1.5", "Limb movement - left|Limb Movement (Left)"),
            ("101", "2", "Periodic leg movement - right|PLM (Right)"),
            ("102", "12", "Obstructive apnea|Obstructive Apnea"),
            ("130", "11", "Hypopnea|Hypopnea"),
            ("116", "3", "Arousal resulting from respiratory effort|Arousal (ARO RES)"),
            ("119", "3", "ASDA arousal|Arousal (ASDA)"),
            ("102", "20", "SpO2 desaturation|SpO2 desaturation"),
        ),
    )
    night, ignored, _ = read_annotations(path)
    assert ignored == {"SpO2 desaturation|SpO2 desaturation": 1}
    assert night.epochs == tuple(
        Epoch(a * S, b * S, stage)
        for a, b, stage in (
            (0, 60, "W"), (60, 150, "N2"), (150, 180, "N3"), (180, 210, "R"), (210, 240, "unscored"),
        )
    )  # fmt: skip
    assert {(m.onset_us, m.end_us, m.leg) for m in night.movements} == {
        (100_500_000, 102 * S, "left"),
        (101 * S, 103 * S, "right"),
    }
    assert night.respiratory == (
        Span(102 * S, 114 * S, "obstructive_apnea"),
        Span(130 * S, 141 * S, "hypopnea"),
    )
    assert set(night.arousals) == {Span(116 * S, 119 * S), Span(119 * S, 122 * S)}
    assert (night.end_us, night.legs) == (600 * S, ("left", "right"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_profusion_xml(tmp_path: Path, encoding: str) -> None:
    night, ignored, _ = read_annotations(saved(tmp_path, "night.XML", PROFUSION.encode(encoding)))
    assert ignored == {"SpO2 desaturation": 1}
    assert [(e.start_us // S, e.stage) for e in night.epochs] == [
        (0, "W"), (30, "N2"), (60, "N3"), (90, "R"), (120, "unscored"), (150, "unscored"),
    ]  # fmt: skip
    assert night.movements == (
        Movement(62 * S, 64 * S, "left", key="line 6"),
        Movement(61_400_000, 63_100_000, "right", key="line 5"),
    )
    assert night.arousals == (Span(63 * S, 67_900_000),)
    assert night.end_us == 180 * S


def test_profusion_epochs_of_another_length(tmp_path: Path) -> None:
    path = saved(tmp_path, "night.xml", PROFUSION.replace("30</Epoch", "20</Epoch"))
    assert [e.start_us // S for e in read_annotations(path)[0].epochs] == [0, 20, 40, 60, 80, 100]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PROFUSION.replace("<CMPS", BOMB + "<CMPS", 1), "line 2: declares a document type"),
        (PROFUSION.replace("<CMPS", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><CMPS', 1), "document type"),
        (PROFUSION.replace("<CMPS", BOMB + "<CMPS", 1).encode("utf-16"), "document type"),
        (PROFUSION[:-20], "is not valid XML"),
        ("", "is empty"),
        ("<html><body/></html>", "has the root element 'html'"),
        (PROFUSION.replace("61.4", "later"), "line 5, element 'Start': 'later' is not a number"),
        (PROFUSION.replace("<Start>61.4</Start>", ""), "line 5, element 'Start': '' is not a number"),
        (
            PROFUSION.replace("<Duration>1.7</Duration>", ""),
            "line 5, element 'Duration': 'n/a' is not a duration",
        ),
        (PROFUSION.replace("1.7", "-1.7"), "line 5, element 'Duration': '-1.7' is negative"),
        (PROFUSION.replace("PLM (Right)", ""), "line 5, type of the event: is empty"),
        (PROFUSION.replace("30</Epoch", "x</Epoch"), "line 3, element 'EpochLength': 'x' is not a length"),
        (PROFUSION.replace("30</Epoch", "0</Epoch"), "line 3, element 'EpochLength': '0' is not a length"),
        (nsrr(("0", "60", "Wake|0"), ("30", "30", "REM sleep|5")), "overlaps stage"),
    ],
)
def test_bad_xml(tmp_path: Path, content: str | bytes, words: str) -> None:
    assert words in refused(saved(tmp_path, "night.xml", content))


FRENCH = (
    "Heure de début,Heure de fin,Événement,Durée\n[],[],[],[]\n"
    "20/11/2026 22:59:40,20/11/2026 23:00:10,Éveil,30\n"
    "20/11/2026 23:00:10,20/11/2026 23:00:40,N2,30\n"
    "20/11/2026 23:00:12,20/11/2026 23:00:21,Hypopnée,9.333\n"
    '21/11/2026 00:00:01,21/11/2026 00:00:03,Limb Movement,"1,75"\n'
    "21/11/2026 00:00:02,21/11/2026 00:00:05,Micro-éveil,3\n"
    "21/11/2026 00:00:02,21/11/2026 00:00:05,Désat,3\n"
    "21/11/2026 00:00:09,21/11/2026 00:00:20,Artéfact,\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_noxturnal_csv(tmp_path: Path, encoding: str) -> None:
    night, ignored, _ = read_annotations(saved(tmp_path, "night.csv", FRENCH.encode(encoding)))
    assert ignored == {"Désat": 1}
    assert night.epochs == (Epoch(0, 30 * S, "W"), Epoch(30 * S, 60 * S, "N2"))
    assert night.respiratory == (Span(32 * S, 41_333_000, "hypopnea"),)
    assert night.movements == (Movement(3621 * S, 3_622_750_000, "unknown", key="line 6"),)
    assert night.arousals == (Span(3622 * S, 3625 * S),)
    assert [(a.start_us, a.end_us) for a in night.artifacts] == [(3629 * S, 3640 * S)]


def test_noxturnal_csv_of_another_country_and_shape(tmp_path: Path) -> None:
    text = (
        "Study;of a night\n\nStart Epoch;Event;Start Time;End Time\n"
        "1;Wake;11/20/2026 11:59:40 PM;11/21/2026 12:00:10 AM\n"
        "2;A. Obstructive;11/21/2026 12:00:10.250 AM;11/21/2026 12:00:30.5 AM\n"
    )
    night, ignored, _ = read_annotations(saved(tmp_path, "night.csv", text))
    assert (ignored, night.epochs) == ({}, (Epoch(0, 30 * S, "W"),))
    assert night.respiratory == (Span(30_250_000, 50_500_000, "obstructive_apnea"),)


def test_noxturnal_day_and_month_are_told_by_the_length_of_the_night(tmp_path: Path) -> None:
    text = "Start Time,Event,Duration\n03/11/2026 23:59:50,N2,30\n04/11/2026 00:00:20,N3,30\n"
    # As days of one month these are 30 s apart, as months of one day 30 days.
    for order in (text, text.replace("03/11", "11/03").replace("04/11", "11/04")):
        night, *_ = read_annotations(saved(tmp_path, "night.csv", order))
        assert [e.start_us for e in night.epochs] == [0, 30 * S]


def test_noxturnal_times_count_from_the_recording_s_start(tmp_path: Path) -> None:
    path = saved(tmp_path, "night.csv", FRENCH)
    began = datetime(2026, 11, 20, 22, 59, 20, tzinfo=UTC)
    assert read_annotations(path, ListOptions(began=began))[0].epochs[0] == Epoch(20 * S, 50 * S, "W")
    for other in (began.replace(day=19), began.replace(hour=23), datetime(1985, 1, 1, tzinfo=UTC)):
        assert f"begins at 2026-11-20 22:59:40, the recording at {other:%Y-%m-%d}" in refused(
            path, began=other
        )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n", "line 1: is not a scored list in a known form (found 'a,b')"),
        ("Start Time,Duration\n", "line 1: column 'trial_type' is missing in 'Start Time', 'Duration'"),
        (
            FRENCH.replace("20/11/2026 23:00:12", "soon"),
            "line 5, column 'Heure de début': 'soon' is not a number or a time",
        ),
        (FRENCH.replace("20/11/2026 23:00:12", "23:00:12"), "'23:00:12' has no date, other times have one"),
        (FRENCH.replace("21/11/2026", "24/11/2026"), "over more than two days"),
        (FRENCH.replace(":40,N2", ":40,"), "column 'Événement': is empty"),
        (
            FRENCH.replace("20/11/2026 23:00:21,Hypopnée,9.333", "20/11/2026 23:00:00,Hypopnée,"),
            "line 5, column 'Heure de fin': '20/11/2026 23:00:00' is before the onset",
        ),
    ],
)
def test_bad_noxturnal_csv(tmp_path: Path, content: str, words: str) -> None:
    assert words in refused(saved(tmp_path, "night.csv", content))


def test_a_noxturnal_list_without_events_is_empty(tmp_path: Path) -> None:
    night, ignored, _ = read_annotations(saved(tmp_path, "night.csv", FRENCH.splitlines()[0]))
    assert (night.movements, night.end_us, ignored) == ((), 0, {})


def edf(path: Path, *annotations: tuple[float, float | None, str], signal: bool = False) -> Path:
    signals = [edfio.EdfSignal(np.zeros(200), 20, label="x", physical_range=(-1, 1))] if signal else []
    edfio.Edf(signals, annotations=[edfio.EdfAnnotation(*a) for a in annotations]).write(path)
    return path


@pytest.mark.parametrize("signal", [False, True])
def test_edf_annotations(tmp_path: Path, signal: bool) -> None:
    path = edf(
        tmp_path / "hypnogram.edf",
        (0.0, 630.0, "Sleep stage W"), (630.0, 30.0, "Sleep stage 2"), (660.0, 60.0, "Sleep stage ?"),
        (5.0, None, "Lights off"), (640.0, 1.5, "Limb movement@@EMG RAT"), (641.0, 1.0, "LM_left"),
        (642.0, 1.0, "Limb movement"), (643.5, 3.25, "EEG arousal"), (644.0, 2.0, "Snore"),
        signal=signal,
    )  # fmt: skip
    night, ignored, _ = read_annotations(path)
    assert ignored == {"Snore": 1}
    assert [(e.start_us // S, e.end_us // S, e.stage) for e in night.epochs] == [
        (0, 630, "W"), (630, 660, "N2"), (660, 720, "unscored"),
    ]  # fmt: skip
    assert {(m.onset_us // S, m.leg) for m in night.movements} == {
        (640, "right"), (641, "left"), (642, "unknown"),
    }  # fmt: skip
    assert night.arousals == (Span(643_500_000, 646_750_000),)
    assert night.lights_off_us == 5 * S


def test_bad_edf_annotations(tmp_path: Path) -> None:
    path = edf(tmp_path / "a.edf", (1.0, 2.0, "arousal"), (3.0, None, "LM_left"))
    assert "annotation 2, duration: 'n/a' is not a duration" in refused(path)
    assert "contains no annotations" in refused(edf(tmp_path / "b.edf", signal=True))
    assert "ends inside its header" in refused(saved(tmp_path, "c.edf", b"0       not a header"))
    assert "cannot be read" in refused(tmp_path / "absent.edf")
    assert "cannot be read" in refused(tmp_path / "absent.xml")


def test_the_start_of_an_edf_is_in_its_header(tmp_path: Path) -> None:
    path = edf(tmp_path / "a.edf", (1.0, 2.0, "LM_left"), signal=True)
    data = bytearray(path.read_bytes())
    data[168:184] = b"20.11.2622.59.20"
    began = datetime(2026, 11, 20, 22, 59, 20, tzinfo=UTC)
    assert read_recording(saved(tmp_path, "b.edf", bytes(data))).began == began
    data[168:184] = b"xx.11.2622.59.20"
    assert read_recording(saved(tmp_path, "c.edf", bytes(data))).began is None


def test_any_other_ending_is_the_table(tmp_path: Path) -> None:
    text = "onset\tduration\ttrial_type\n1\t2\tBein\n"
    labels = {**DEFAULT_LABELS, "bein": "LM_left"}
    for name in ("night.tsv", "night.txt", "night"):
        night, *_ = read_annotations(saved(tmp_path, name, text), ListOptions(labels))
        assert night.movements == (Movement(S, 3 * S, "left", key="line 2"),)
    assert "line 2: is not text" in refused(saved(tmp_path, "bytes.tsv", b"onset\n\xff\x00"))


def test_a_list_as_facts_gives_the_night_it_came_from() -> None:
    both = frozenset({"left", "right"})
    night = Night(
        movements=(Movement(S, 3 * S, "left"),),
        epochs=(Epoch(20 * S, 50 * S, "N2"), Epoch(50 * S, 700 * S, "W")),
        respiratory=(Span(1_000_001, 20_500_003, "hypopnea"),),
        arousals=(Span(7, 8),),
        artifacts=(LegSpan(90 * S, 95 * S, both, is_lost_time=False),),
        lights_off_us=0,
        lights_on_us=690_000_001,
        end_us=720 * S,
    )
    facts = [Fact("session", 0.0, "x", {"legs": ["left", "right"]}), *listed_facts(night, "list")]
    numbered = [Fact(f.kind, f.t, f.source, f.data, seq=i) for i, f in enumerate(facts)]
    again = SessionState.of([*numbered, Fact("stop", 720.0, "x", seq=len(facts))]).night()
    assert again.movements == ()
    assert [(e.start_us, e.end_us, e.stage) for e in again.epochs] == [
        (e.start_us, e.end_us, e.stage) for e in night.epochs
    ]
    assert again.respiratory == night.respiratory
    assert [(a.start_us, a.end_us) for a in again.arousals] == [(7, 8)]
    # Beside a signal an artifact is time without a usable leg, whoever told of it.
    assert again.artifacts == (LegSpan(90 * S, 95 * S, both),)
    assert (again.lights_off_us, again.lights_on_us) == (0, 690_000_001)
