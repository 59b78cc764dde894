"""Everything that comes from outside, fed with damaged and made-up input: only said errors may come of it."""

import ctypes
import io
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import edfio
import numpy as np
import psutil
from pylsl import StreamInfo
from pylsl.lib import lib

from monitor.detection.aligned_chunk import AlignedChunk
from monitor.detection.sample_counter import CounterLosses
from monitor.files import read_recording
from monitor.files.scored_lists import parse_list
from monitor.lsl.header import describe
from monitor.model.config import load_config, shipped
from monitor.model.errors import MonitorError
from monitor.model.facts import Fact
from monitor.model.labels import DEFAULT_LABELS
from monitor.montage import Channel, StreamDescription, counter_column, read_montage
from monitor.recorder.requests import RefusedError, fact_of
from monitor.recorder.source_identity import SourceIdentity
from monitor.recorder.source_override import accept_source
from monitor.session.damage import with_damage
from monitor.session.journal import decode, encode, read_journal
from monitor.session.markers import MarkerReader
from monitor.session.signal.recording_damage import repaired
from monitor.session.signal.xdf_format import info_of, readable, survey, tally
from monitor.session.state import SessionState
from monitor.session.xdf import XdfWriter

_ODD = [
    b"", b"\0", b"\xff\xfe", b"\xed\xa0\xbd", b"\xc3\xa9\xe2\x82\xac", b"nan", b"inf", b"-1", b"1e400", b"0",
    b"99999999999999999999", b"-0.0", b"\t", b"\n", b"\r\n", b"/start", b"/end", b" ", b"'", b'"', b"<", b"&",
    b"]]>", b"[" * 2000, b"{" * 200, b'{"a":' * 2000, b"<a>" * 200, b"a" * 5000, b"\xef\xbb\xbf",
    b"null", b"true", b"%s%n", b"..", b"1_000", b"0x10", b"1,5", b"<!DOCTYPE a>", b"<!ENTITY a 'b'>",
]  # fmt: skip


def mutated(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Damage a seed in a few places, or join two of them, or make something up."""
    if chance.random() < 0.02:
        return chance.randbytes(chance.randrange(200))
    data = bytearray(chance.choice(seeds))
    for _ in range(1 + int(chance.expovariate(0.5))):
        at = chance.randrange(len(data) + 1)
        length = int(chance.expovariate(0.1))
        what = chance.randrange(7)
        if what == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            data[at : at + length] = b""
        elif what == 2:
            data[at:at] = chance.choice(_ODD)
        elif what == 3:
            data[at : at + length] = chance.choice(_ODD)
        elif what == 4:
            data[at:at] = data[at : at + length] * chance.randrange(1, 5)
        elif what == 5:
            other = chance.choice(seeds)
            place = chance.randrange(len(other) + 1)
            data[at : at + length] = other[place : place + length * 3]
        elif chance.random() < 0.3:
            del data[at:]
        else:
            data[at : at + length] = chance.randbytes(length)
    return bytes(data)


@dataclass(frozen=True)
class Target:
    """One parser, what to damage, and what it may raise."""

    name: str
    parse: Callable[[bytes], object]
    seeds: Sequence[bytes]
    in_soak: int = 100_000
    in_short: int = 300
    may_raise: tuple[type[Exception], ...] = (MonitorError,)


def targets(folder: Path) -> list[Target]:
    """Make all targets; files go to `folder`."""
    return [
        _markers(), _headers(), _configuration(folder), _events(), _xml(), _csv(), _requests(),
        _counters(), _journal_lines(), _journals(folder), _xdf(folder), _own_xdf(folder), _edf(folder),
    ]  # fmt: skip


def run(target: Target, n: int, seed: int) -> dict[str, float]:
    """Feed `n` inputs; return how many were refused, how long the slowest took, how memory grew (MB)."""
    chance, refused, slowest_s = random.Random(f"{target.name}{seed}"), 0, 0.0
    process, before_mb, begun = psutil.Process(), 0.0, time.perf_counter()
    for turn in range(n):
        if turn == n // 4:
            before_mb = process.memory_info().rss / 2**20
        data = mutated(target.seeds, chance)
        at = time.perf_counter()
        try:
            target.parse(data)
        except target.may_raise:
            refused += 1
        except Exception as err:
            raise AssertionError(f"{target.name}: {type(err).__name__}: {err} for {data[:2000]!r}") from err
        slowest_s = max(slowest_s, time.perf_counter() - at)
    return {
        "inputs": n,
        "refused": refused,
        "slowest_ms": round(1e3 * slowest_s, 1),
        "grown_mb": round(process.memory_info().rss / 2**20 - before_mb, 1),
        "seconds": round(time.perf_counter() - begun, 1),
    }


def _markers() -> Target:
    reader = MarkerReader(DEFAULT_LABELS)

    def parse(data: bytes) -> None:
        fact = reader.read(data.decode("utf-8", "replace"), len(data) * 0.5, "stager", 1e5)
        if fact is not None:
            reader.written(decode(encode(Fact(fact.kind, fact.t, fact.source, fact.data, None, 0))))

    seeds = [
        "N2",
        "hypopnea 23.4",
        "hypopnea/start",
        "hypopnea/end",
        "arousal 5.2",
        "lights_off",
        "artifact 12",
    ]
    seeds += ["position supine", "segment CPAP on", "Stage 2", "S2", "REM", "2", "W"]
    return Target("marker strings", parse, [text.encode() for text in seeds])


def _headers() -> Target:
    lib.lsl_streaminfo_from_xml.restype = ctypes.c_void_p
    lib.lsl_streaminfo_from_xml.argtypes = [ctypes.c_char_p]

    def parse(data: bytes) -> None:
        # Whatever came, what is kept of it reads.
        kept = readable(data.decode("utf-8", "replace"), "float32", 4)
        assert info_of(kept).findtext("channel_count") == "4"
        handle = lib.lsl_streaminfo_from_xml(data.replace(b"\0", b""))
        if not handle:
            return
        info = StreamInfo(handle=handle)
        # What the network says of its size is believed nowhere: liblsl itself would take the memory.
        if info.channel_count() < 100_000:
            stream = describe(info)
            read_montage(stream)
            counter_column(stream.channels)
            info_of(readable("", "float32", 4, stream))

    channels = "".join(
        f"<channel><label>{label}</label><unit>{unit}</unit><type>EMG</type></channel>"
        for label, unit in (
            ("LAT", "uV"),
            ("RAT", "microvolts"),
            ("EMG Chin", ""),
            ("Counter 2power24", "0.1 uV"),
        )
    )
    info = StreamInfo("Amp", "EMG", 4, 500.0, "float32", "amp-1").as_xml()
    seeds = [info, info.replace("<desc />", f"<desc><channels>{channels}</channels><speed>10</speed></desc>")]
    return Target("stream headers", parse, [seed.encode() for seed in seeds])


def _configuration(folder: Path) -> Target:
    path = folder / "fuzz.toml"

    def parse(data: bytes) -> None:
        path.write_bytes(data)
        load_config(str(path))

    small = b'[rules]\nmain_profile = "wasm2016"\n[legs]\nleft = "LAT"\nunit = "0.1 uV"\n'
    small += b'[markers.synonyms]\nMT = "W"\n'
    seeds = [small, *(path.read_bytes() for name, path in shipped().items() if name != "reference")]
    return Target("configuration", parse, seeds, in_short=100)


_TABLE = (
    b"onset\tduration\ttrial_type\n0\t30\tN2\n12.5\t1.2\tLM_left\n40\t2\tLM_right\n60\t30\tW\n"
    b"90.25\t12\thypopnea\n95\t3\tarousal\n100\t0\tlights_off\n"
)


def _events() -> Target:
    luna = b"class\tinstance\tchannel\tstart\tstop\tmeta\nN2\t.\t.\t0+00:00:30\t...\t.\n"
    return Target("event tables", lambda data: parse_list(data, "fuzz.tsv"), [_TABLE, luna])


def _xml() -> Target:
    event = (
        "<ScoredEvent><EventType>Limb Movement|Limb Movement</EventType>"
        "<EventConcept>Limb movement - left|Limb Movement (Left)</EventConcept><Start>12.5</Start>"
        "<Duration>1.2</Duration><SignalLocation>L Leg</SignalLocation></ScoredEvent>"
    )
    nsrr = f"<PSGAnnotation><EpochLength>30</EpochLength><ScoredEvents>{event}</ScoredEvents></PSGAnnotation>"
    profusion = (
        "<CMPStudyConfig><EpochLength>30</EpochLength><ScoredEvents><ScoredEvent><Name>Limb Movement (Left)"
        "</Name><Start>10</Start><Duration>2</Duration></ScoredEvent></ScoredEvents>"
        "<SleepStages><SleepStage>2</SleepStage><SleepStage>0</SleepStage></SleepStages></CMPStudyConfig>"
    )
    return Target("XML lists", lambda data: parse_list(data, "fuzz.xml"), [nsrr.encode(), profusion.encode()])


def _csv() -> Target:
    seed = (
        b"Start Time,End Time,Event,Duration\n20.11.2026 22:00:00,20.11.2026 22:00:30,N2,30\n"
        b"20.11.2026 22:00:10,20.11.2026 22:00:12,PLM,2\n"
    )
    domino = (
        b"Signal ID: SchlafProfil\\profil\nStart Time: 20.11.2026 22:00:00\n"
        b"Signal Type: Discret\nRate: 30 s\n\n"
        b"22:00:00,000; Wach\n22:00:30,000; N2\n"
    )
    return Target("lists with times of day", lambda data: parse_list(data, "fuzz.csv"), [seed, domino])


def _requests() -> Target:
    note = Fact("note", 1.0, "person", {"text": "x"}, None, 0)
    state = SessionState.of([note])
    channels = (Channel("LAT", "uV", "EMG"), Channel("RAT", "uV", "EMG"))
    stream = StreamDescription("Amp", "EMG", "amp", 500.0, "float32", channels)
    legs = read_montage(stream).legs

    def waited_for() -> SourceIdentity:
        return SourceIdentity(1, stream, legs, offered=replace(stream, rate_hz=250.0))

    def parse(data: bytes) -> None:
        request = json.loads(data)
        if isinstance(request, dict):
            if request.get("do") == "accept_source":
                fact = accept_source(request, [waited_for()], 100.0)
            else:
                fact = fact_of(request, state, 100.0)
            encode(Fact(fact.kind, fact.t, fact.source, fact.data, fact.supersedes, 1))

    requests = [
        {"do": "note", "t": 0.5, "text": "turned", "author": "AB"},
        {"do": "lights", "t": 1, "state": "off"},
        {"do": "stage", "t": 30.0, "stage": "N2"},
        {"do": "undo", "seq": 0},
        {"do": "reject", "id": "L1", "t": 3.0, "reason": "artifact"},
        {"do": "artifact", "t": 3, "duration_s": 4.5, "legs": ["left"]},
        {"do": "accept_source", "left": "#1", "right": "RAT", "unit": "0.1 uV", "author": "AB"},
        {"do": "accept_source", "stream": "uid=1f", "source": "Amp", "limbs": {}},
    ]
    seeds = [json.dumps(one).encode() for one in requests]
    return Target(
        "control messages",
        parse,
        seeds,
        may_raise=(RefusedError, json.JSONDecodeError, UnicodeDecodeError, RecursionError),
    )


def _counters() -> Target:
    def parse(data: bytes) -> None:
        numbers = np.frombuffer(data[: len(data) // 8 * 8], "<f8")
        counts, times_s = numbers[0::2], numbers[1::2]
        counted = CounterLosses(200.0, 0)
        n = min(len(counts), len(times_s))
        with np.errstate(all="ignore"):
            pieces = counted.take(AlignedChunk(counts[:n, None], times_s[:n])) + counted.flush()
        assert sum(len(piece.times_s) for piece in pieces) == n
        assert all(piece.lost_n >= 0 for piece in pieces)

    at = np.arange(150.0)
    seeds = [
        np.column_stack((counts, at / 200)).tobytes() for counts in (at, at % 256, (at + 2**24 - 70) % 2**24)
    ]
    return Target("sample counters", parse, seeds)


def _facts() -> list[Fact]:
    data = {"leg": "left", "id": "L1", "phase": "onset", "onset": 1.5, "known": 1.6, "resting_uv": 2.0}
    return [
        Fact("session", 0.0, "recorder", {"bed": "b", "legs": ["left"], "main_profile": "aasm3"}, None, 0),
        Fact("movement", 1.5, "detector", data, None, 1),
        Fact("note", 2.0, "person", {"text": "é"}, None, 2),
        Fact("withdrawn", 2.0, "person", {"what": "note"}, 2, 3),
    ]


def _journal_lines() -> Target:
    return Target("journal lines", decode, [encode(fact) for fact in _facts()], may_raise=(ValueError,))


def _journals(folder: Path) -> Target:
    path = folder / "journal.jsonl"

    def parse(data: bytes) -> None:
        path.write_bytes(data)
        facts, tail = read_journal(path)
        assert tail.good_bytes + tail.torn_bytes == len(data)
        SessionState.of(with_damage(facts, tail))

    return Target("journals", parse, [b"".join(encode(fact) for fact in _facts())])


def _xdf_seed(folder: Path) -> bytes:
    path = folder / "seed.xdf"
    writer = XdfWriter(path)
    writer.add_stream(1, StreamInfo("Amp", "EMG", 2, 500.0, "float32", "a").as_xml(), "float32", 2)
    writer.add_stream(2, StreamInfo("Stager", "Markers", 1, 0.0, "string", "s").as_xml(), "string", 1)
    for turn in range(3):
        writer.samples(1, np.ones((4, 2), np.float32), turn + np.arange(4) / 500)
        writer.texts(2, [["N2"]], np.array([turn + 0.5]))
        writer.clock_offset(1, float(turn), 0.1)
    writer.boundary()
    writer.close()
    data = path.read_bytes()
    path.unlink()
    return data


def _xdf(folder: Path) -> Target:
    path = folder / "fuzz.xdf"

    def parse(data: bytes) -> None:
        path.write_bytes(data)
        for stream in read_recording(path).streams:
            stream.read()

    return Target("XDF recordings", parse, [_xdf_seed(folder)], 20_000, 60)


def _own_xdf(folder: Path) -> Target:
    """What `recover` makes of a file of ours that was cut or lost pages (not of one that was forged)."""
    path, seed = folder / "own.xdf", _xdf_seed(folder)

    def parse(data: bytes) -> None:
        at, length = data[0] * len(seed) // 255, data[1]
        torn = seed[:at] + bytes(min(length, len(seed) - at)) + seed[at + length :]
        path.write_bytes(torn[: len(torn) - data[2] * (data[3] % 3)])
        found = survey(path)
        assert found.good_bytes <= path.stat().st_size
        path.write_bytes(b"".join(repaired(path, found, SessionState())))
        again = survey(path)
        assert (again.torn_bytes, again.damaged, again.last) == (0, [], found.last)
        tally(path)

    return Target("own XDF, torn", lambda data: parse(data.ljust(4, b"\7")), [bytes(range(256))])


def _edf(folder: Path) -> Target:
    path, wave = folder / "fuzz.edf", np.sin(np.arange(400))
    signals = [
        edfio.EdfSignal(wave, 200, label=name, physical_dimension="uV", physical_range=(-5, 5))
        for name in ("Left Leg", "Right Leg")
    ]
    made = io.BytesIO()
    edfio.Edf(signals, annotations=[edfio.EdfAnnotation(0.5, 1.0, "N2")]).write(made)

    def parse(data: bytes) -> None:
        path.write_bytes(data)
        for stream in read_recording(path).streams:
            stream.read()

    return Target("EDF recordings", parse, [made.getvalue()], 20_000, 60)
