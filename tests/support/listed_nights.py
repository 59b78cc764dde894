"""One made-up night, written by hand in the form of each program whose lists labs have.

The forms follow the public descriptions of the programs; no file of another project was used.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import edfio

STAGES = ("W", "W", "N1", *["N2"] * 11, "N3", "N3", "R", "R", "R", "R")
EPOCH_S = 30
LENGTH_S = len(STAGES) * EPOCH_S
MOVEMENTS = tuple((62.5 + 25 * i, 2.5, "left" if i % 3 else "right") for i in range(20))
AROUSALS = ((114.0, 3.0), (315.25, 4.5))
HYPOPNEAS = ((400.0, 20.0),)
Row = tuple[float, float, str]


def rows(*, sides: bool = True) -> list[Row]:
    """Return the whole night as onset, duration and type of our own table, by onset."""
    found: list[Row] = [(i * EPOCH_S, EPOCH_S, stage) for i, stage in enumerate(STAGES)]
    found += [(on, long, f"LM_{leg}" if sides else "leg_movement") for on, long, leg in MOVEMENTS]
    found += [(on, long, "arousal") for on, long in AROUSALS]
    found += [(on, long, "hypopnea") for on, long in HYPOPNEAS]
    return sorted(found)


def tsv(found: list[Row]) -> str:
    return "onset\tduration\ttrial_type\n" + "".join(f"{a}\t{b}\t{c}\n" for a, b, c in found)


def clock(seconds: float, decimals: int = 3, comma: str = ".") -> str:
    """Return the time of day; the recording begins at 23:57:00."""
    us = round((23 * 3600 + 57 * 60 + seconds) * 1e6) % 86_400_000_000
    hours, rest = divmod(us // 1_000_000, 3600)
    text = f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
    return text + (f"{comma}{us % 1_000_000:06}"[: decimals + 1] if decimals else "")


def dated(seconds: float, form: str = "{d}/{m}/{y} {t}", **more: object) -> str:
    """Return date and time; the recording begins on 20 November 2026."""
    day = 20 + (23 * 3600 + 57 * 60 + seconds >= 86400)
    return form.format(d=f"{day:02}", m="11", y="2026", t=clock(seconds, **more))


def _named(names: dict[str, str], *, sides: bool = True) -> list[Row]:
    return [(a, b, names.get(c, c)) for a, b, c in rows(sides=sides)]


_EMBLA = {
    "W": "SLEEP-S0",
    "N1": "SLEEP-S1",
    "N2": "SLEEP-S2",
    "N3": "SLEEP-S3",
    "R": "SLEEP-REM",
    "leg_movement": "PLM-LM",
    "arousal": "AROUSAL-LM",
    "hypopnea": "HYPOPNEA",
}
_SLEEP_EDF = {
    **{one: f"Sleep stage {one}" for one in ("W", "N1", "N2", "N3", "R")},
    "LM_left": "Limb movement left",
    "LM_right": "Limb movement right",
    "arousal": "EEG arousal",
}


def mne_csv() -> str:
    lines = ["onset,duration,description"]
    for a, b, c in _named(_SLEEP_EDF):
        lines.append(f"{dated(a, '{y}-{m}-{d} {t}', decimals=6)},{b},{c}")
    return "\n".join(lines) + "\n"


def mne_csv_without_a_date() -> str:
    lines = ["onset,duration,description"]
    for a, b, c in _named(_SLEEP_EDF):
        whole = f"{int(a) // 60 // 60:02}:{int(a) // 60 % 60:02}:{a % 60:09.6f}"
        lines.append(f"1970-01-01 {whole},{b},{c}")
    return "\n".join(lines) + "\n"


def mne_txt() -> str:
    head = "# MNE-Annotations\n# orig_time : 2026-11-20 23:57:00+00:00\n# onset, duration, description\n"
    return head + "".join(f"{a}, {b}, {c}\n" for a, b, c in _named(_SLEEP_EDF))


def edfbrowser_csv() -> str:
    return "Onset,Duration,Annotation\n" + "".join(
        f"+{a:.7f},{b:.7f},{c}\n" for a, b, c in _named(_SLEEP_EDF)
    )


def edfbrowser_txt() -> str:
    return "Onset\tAnnotation\tDuration\n" + "".join(
        f"{dated(a, '{y}-{m}-{d}T{t}')}\t{c}\t{b}\n" for a, b, c in _named(_SLEEP_EDF)
    )


def edfbrowser_xml() -> str:
    found = "".join(
        f"<annotation>\n<onset>{a}</onset><duration>{b}</duration><description>{c}</description>\n</annotation>\n"
        for a, b, c in _named(_SLEEP_EDF)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<annotationlist>\n{found}</annotationlist>\n'


def luna_annot() -> str:
    head = "# stages and events\nclass\tinstance\tchannel\tstart\tstop\tmeta\n"
    legs = {"LM_left": ("LM", "LAT"), "LM_right": ("LM", "RAT")}
    found = []
    for a, b, c in rows():
        name, channel = legs.get(c, (c, "."))
        found.append(f"{name}\t.\t{channel}\t{a}\t{a + b}\t.\n")
    return head + "".join(found)


def luna_annot_with_clock_times() -> str:
    head = "class\tinstance\tchannel\tstart\tstop\tmeta\n"
    legs = {"LM_left": ("LM", "LAT"), "LM_right": ("LM", "RAT")}
    found = []
    for a, b, c in rows():
        name, channel = legs.get(c, (c, "."))
        stop = "..." if c in STAGES else clock(a + b)
        found.append(f"{name}\t.\t{channel}\t{clock(a)}\t{stop}\t.\n")
    return head + "".join(found)


def luna_eannot() -> str:
    return "".join(f"{stage}\n" for stage in STAGES)


def hypno_yasa() -> str:
    codes = {"W": 0, "N1": 1, "N2": 2, "N3": 3, "R": 4}
    return "".join(f"{codes[stage]}\n" for stage in STAGES)


def hypno_sleep_edf() -> str:
    codes = {"W": 0, "N1": 1, "N2": 2, "N3": 3, "R": 5}
    return "".join(f"{codes[stage]}\n" for stage in STAGES)


def yasa_table() -> str:
    return "Epoch,Stage,Proba\n" + "".join(f"{i},{stage},0.9\n" for i, stage in enumerate(STAGES))


def remlogic() -> str:
    head = (
        "RemLogic Event Export\nPatient:\tmade up\nRecording Date:\t20/11/2026\n\nEvents Included:\n"
        "SLEEP-S2\n\n"
        "Sleep Stage\tPosition\tTime [hh:mm:ss]\tEvent\tDuration[s]\tLocation\n"
    )
    found = []
    for a, b, c in _named(_EMBLA, sides=False):
        stage = STAGES[min(int(a // EPOCH_S), len(STAGES) - 1)]
        found.append(f"{stage}\tSupine\t{dated(a, '{y}-{m}-{d}T{t}')}\t{c}\t{b}\tROC-LOC\n")
    return head + "".join(found)


def domino() -> str:
    names = {"N1": "N1", "N2": "N2", "N3": "N3", "R": "Rem", "W": "Wach"}
    head = "Signal ID: {}\nStart Time: 20.11.2026 23:57:00\nUnit: {}\nSignal Type: {}\n"
    stages = head.format("SchlafProfil\\profil", "", "Discret")
    stages += "Events list: N3,N2,N1,Rem,Wach,Artefakt\nRate: 30 s\n\n"
    stages += "".join(f"{clock(i * 30, comma=',')}; {names[stage]}\n" for i, stage in enumerate(STAGES))
    events = head.format("Beine\\plm", "s", "Impuls") + "\n"
    words = {"LM_left": "LM left", "LM_right": "LM right", "arousal": "Arousal", "hypopnea": "Hypopnea"}
    for a, b, c in rows():
        if c not in STAGES:
            events += f"{clock(a, comma=',')}-{clock(a + b, comma=',')}; {round(b)};{words[c]}\n"
    return f"{stages}\n{events}"


def _scored_events(names: dict[str, str], tag: str) -> str:
    return "".join(
        f"<ScoredEvent><EventType/><{tag}>{names.get(c, c)}</{tag}><Start>{a}</Start><Duration>{b}</Duration>"
        "</ScoredEvent>\n"
        for a, b, c in rows()
        if c in names
    )


def nsrr() -> str:
    names = {
        "W": "Wake|0",
        "N1": "Stage 1 sleep|1",
        "N2": "Stage 2 sleep|2",
        "N3": "Stage 3 sleep|3",
        "R": "REM sleep|5",
        "arousal": "Arousal|Arousal ()",
        "hypopnea": "Hypopnea|Hypopnea",
        "LM_left": "Periodic leg movement - left|PLM (Left)",
        "LM_right": "Limb movement - right|Limb Movement (Right)",
    }
    events = _scored_events(names, "EventConcept")
    head = "<PSGAnnotation><EpochLength>30</EpochLength><ScoredEvents>\n"
    return f"{head}{events}</ScoredEvents></PSGAnnotation>\n"


def nsrr_embla() -> str:
    events = "".join(
        f"<ScoredEvent><EventConcept>{c}</EventConcept><Start>{a}</Start><Duration>{b}</Duration></ScoredEvent>\n"
        for a, b, c in _named(_EMBLA, sides=False)
    )
    return f"<PSGAnnotation><ScoredEvents>\n{events}</ScoredEvents></PSGAnnotation>\n"


def profusion() -> str:
    codes = {"W": 0, "N1": 1, "N2": 2, "N3": 3, "R": 5}
    names = {
        "LM_left": "PLM (Left)",
        "LM_right": "Limb Movement (Right)",
        "arousal": "Arousal (ARO Limb)",
        "hypopnea": "Hypopnea",
    }
    stages = "".join(f"<SleepStage>{codes[stage]}</SleepStage>" for stage in STAGES)
    return (
        f"<CMPStudyConfig><EpochLength>30</EpochLength>\n<ScoredEvents>{_scored_events(names, 'Name')}"
        f"</ScoredEvents>\n<SleepStages>{stages}</SleepStages></CMPStudyConfig>\n"
    )


def noxturnal() -> str:
    words = {"LM_left": "LM left", "LM_right": "LM right", "arousal": "Micro-éveil", "hypopnea": "Hypopnée"}
    words |= {"W": "Éveil"}
    found = [f"{dated(a)},{dated(a + b)},{words.get(c, c)},{b}\n" for a, b, c in rows()]
    return "Heure de début,Heure de fin,Événement,Durée\n[],[],[],[]\n" + "".join(found)


def stages_study() -> str:
    words = {"W": "Wake", "N1": "Stage1", "N2": "Stage2", "N3": "Stage3", "R": "REM", "leg_movement": "LM"}
    found = [f"{clock(a)},{b}, {words.get(c, c.capitalize())}\n" for a, b, c in rows(sides=False)]
    return "Start Time,Duration (seconds),Event\n" + "".join(found)


def sleepware_rml() -> str:
    types = {"W": "Wake", "N1": "NonREM1", "N2": "NonREM2", "N3": "NonREM3", "R": "REM"}
    changes = [(i, stage) for i, stage in enumerate(STAGES) if i == 0 or stage != STAGES[i - 1]]
    staging = "".join(f'<Stage Type="{types[stage]}" Start="{i * 30}"/>\n' for i, stage in changes)
    names = {"leg_movement": "LegMovement", "arousal": "Arousal", "hypopnea": "Hypopnea"}
    events = "".join(
        f'<Event Family="Limb" Type="{names[c]}" Start="{a}" Duration="{b}"/>\n'
        for a, b, c in rows(sides=False)
        if c in names
    )
    # Without an event that lasts until its end the length of the night would be unknown.
    events += f'<Event Family="User" Type="Comment" Start="{LENGTH_S}" Duration="0"/>\n'
    return (
        '<PatientStudy xmlns="http://www.respironics.com/PatientStudy.xsd"><ScoringData>\n'
        f"<Events>{events}</Events><StagingData><UserStaging><NeuroAdultAASMStaging>\n{staging}"
        "</NeuroAdultAASMStaging></UserStaging></StagingData></ScoringData></PatientStudy>\n"
    )


def sleepware_text() -> str:
    words = {"W": "Wake", "R": "REM", "leg_movement": "Leg Movement", "hypopnea": "Hypopnea"}
    found = [
        f"{dated(a, '{m}/{d}/{y}', decimals=0)}\t{clock(a)}\t{words.get(c, c)}\t{b}\n"
        for a, b, c in _named({"leg_movement": "limb movement"}, sides=False)
    ]
    return "Study of a made-up person\n\nDate\tTime\tEvent\tDuration (s)\n" + "".join(found)


def polyman() -> str:
    found = [f"{str(a).replace('.', ',')};{str(b).replace('.', ',')};{c}\n" for a, b, c in _named(_SLEEP_EDF)]
    return "Begin (s);Length (s);Annotation\n" + "".join(found)


def running_time() -> str:
    found = []
    for a, b, c in rows():
        whole = f"{int(a) // 3600:02}:{int(a) // 60 % 60:02}:{a % 60:06.3f}"
        found.append(f"{c}|{whole}|{b}\n")
    return "type|elapsed|duration\n" + "".join(found)


def without_header() -> str:
    return "".join(f"{a}\t{b}\t{c}\n" for a, b, c in rows())


def bids() -> str:
    found = [f"{a}\t{b}\t{c}\tn/a\n" for a, b, c in rows()]
    return "onset\tduration\ttrial_type\tdetail\n" + "".join(found)


def edf_plus(path: Path) -> None:
    edfio.Edf([], annotations=[edfio.EdfAnnotation(*row) for row in _named(_SLEEP_EDF)]).write(path)


Text = Callable[[], str]
ALL = frozenset({"sides", "events"})
FORMS: dict[str, tuple[str, Text | Callable[[Path], None], frozenset[str]]] = {
    "BIDS events": ("bids.tsv", bids, ALL),
    "MNE csv": ("mne.csv", mne_csv, ALL),
    "MNE csv without a date": ("mne70.csv", mne_csv_without_a_date, ALL),
    "MNE txt": ("mne.txt", mne_txt, ALL),
    "EDFbrowser csv": ("browser.csv", edfbrowser_csv, ALL),
    "EDFbrowser txt": ("browser.txt", edfbrowser_txt, ALL),
    "EDFbrowser xml": ("browser.xml", edfbrowser_xml, ALL),
    "Luna .annot": ("night.annot", luna_annot, ALL),
    "Luna .annot, clock times": ("clock.annot", luna_annot_with_clock_times, ALL),
    "Luna .eannot": ("night.eannot", luna_eannot, frozenset()),
    "hypno.txt, YASA's codes": ("hypno.txt", hypno_yasa, frozenset()),
    "hypno.txt, Sleep-EDF's codes": ("hypno_rk.txt", hypno_sleep_edf, frozenset()),
    "YASA table": ("yasa.csv", yasa_table, frozenset()),
    "RemLogic/Embla text": ("remlogic.txt", remlogic, frozenset({"events"})),
    "DOMINO/Somnomedics": ("domino.txt", domino, ALL),
    "NSRR XML": ("nsrr.xml", nsrr, ALL),
    "NSRR XML, Embla words": ("embla.xml", nsrr_embla, frozenset({"events"})),
    "Compumedics Profusion XML": ("profusion.xml", profusion, ALL),
    "Noxturnal csv": ("nox.csv", noxturnal, ALL),
    "Stanford STAGES csv": ("stages.csv", stages_study, frozenset({"events"})),
    "Sleepware .rml": ("sleepware.rml", sleepware_rml, frozenset({"events"})),
    "Sleepware/Alice text": ("alice.txt", sleepware_text, frozenset({"events"})),
    "Polyman": ("polyman.csv", polyman, ALL),
    "running time": ("running.txt", running_time, ALL),
    "table without header": ("bare.txt", without_header, ALL),
    "EDF+ annotations": ("list.edf", edf_plus, ALL),
}
"""Name, file name, writer, and what the form can contain besides stages."""


def write(form: str, folder: Path) -> Path:
    """Write the night in a form."""
    name, writer, _ = FORMS[form]
    path = folder / name
    if writer is edf_plus:
        edf_plus(path)
    else:
        path.write_text(writer(), encoding="utf-8")  # type: ignore[call-arg, arg-type]
    return path


def expected(form: str) -> list[Row]:
    """Return the rows of our own table that are equal to what the form can contain."""
    has = FORMS[form][2]
    return [row for row in rows(sides="sides" in has) if "events" in has or row[2] in STAGES]
