"""A session with a bad page, repaired: what is lost is what the page touched, and the original stays."""

import random
import shutil
import tempfile
from pathlib import Path

import pytest
import pyxdf
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.small_sessions import RATE_HZ, SECONDS, make

from monitor.files.xdf_chunks import MAGIC, SAMPLES, STREAM_HEADER, walk
from monitor.model.errors import InputError
from monitor.session.folder import SessionFolder
from monitor.session.journal import decode, read_journal
from monitor.session.recovery import recover
from monitor.session.signal.xdf_format import survey

PAGE = 512


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    return make(tmp_path_factory.mktemp("ended") / "s")


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory):
    return make(tmp_path_factory.mktemp("cut") / "s", is_ended=False)


def lines_of(data):
    ends = [i + 1 for i, byte in enumerate(data) if byte == ord("\n")]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def chunks_of(path):
    with path.open("rb") as file:
        return [(chunk.begin, chunk.end, chunk.tag, chunk.content) for chunk in walk(file, len(MAGIC), {})]


def put_page(path, at, page):
    data = bytearray(path.read_bytes())
    data[at : at + PAGE] = page[: len(data) - at]
    path.write_bytes(data)
    return bytes(data)


def is_kept(path, damaged):
    """Whether every byte of the damaged file is still there: beside it whole, or in it and its torn end."""
    kept = list(path.parent.glob(f"{path.name}.damaged-*"))
    if kept:
        return [each.read_bytes() for each in kept] == [damaged]
    now = path.read_bytes()
    if now.startswith(damaged):
        return True
    (torn,) = path.parent.glob(f"{path.name}.torn-*")
    tail = torn.read_bytes()
    return damaged.endswith(tail) and now.startswith(damaged[: len(damaged) - len(tail)])


def load(path):
    return pyxdf.load_xdf(path, synchronize_clocks=False, dejitter_timestamps=False, verbose=False)[0]


def check_journal(folder, whole, at, damaged):
    """Recover; every line that the page did not touch is there, and the rest is accounted for."""
    before = [decode(whole[begin:end]) for begin, end in lines_of(whole)]
    untouched = {
        decode(whole[begin:end]).seq for begin, end in lines_of(whole) if end <= at or begin >= at + PAGE
    }
    if 0 not in {fact.seq for fact in read_journal(folder.journal)[0]}:
        assert 0 not in untouched
        with pytest.raises(InputError, match=r"`session` line cannot be read|contains no readable fact"):
            recover(folder)
        assert folder.journal.read_bytes() == damaged
        return
    recover(folder)
    facts, tail = read_journal(folder.journal)
    there = {fact.seq: fact for fact in facts}
    assert untouched <= there.keys()
    # The number of a line that was cut off at the end is free for a fact that `recover` writes.
    read = [fact for fact in facts if fact.source != "recover"]
    assert read == [fact for fact in before if fact.seq in {each.seq for each in read}]
    assert not tail.is_damaged
    assert tail.torn_bytes == 0
    assert is_kept(folder.journal, damaged)
    seqs = [fact.seq for fact in facts]
    assert seqs == sorted(set(seqs))


def check_recording(folder, before, at, damaged):
    """Recover; every chunk that the page did not touch is there, and any reader reads the file."""
    recover(folder)
    untouched = [(tag, content) for begin, end, tag, content in before if end <= at or begin >= at + PAGE]
    after = [(tag, content) for _, _, tag, content in chunks_of(folder.recording)]
    # A header that is lost is made of the journal; what lies in the numbers of a sample cannot be seen.
    wanted = [each for each in untouched if each[0] != STREAM_HEADER]
    left = iter(after)
    assert all(each in left for each in wanted)
    assert is_kept(folder.recording, damaged)
    assert survey(folder.recording).torn_bytes == 0
    streams = {stream["info"]["stream_id"]: stream for stream in load(folder.recording)}
    n = sum(content[5] for tag, content in untouched if tag == SAMPLES and content[0] == 1)
    assert n <= len(streams[1]["time_stamps"]) <= SECONDS * RATE_HZ


def page_of(kind, seed):
    return bytes(PAGE) if kind == "zeros" else random.Random(seed).randbytes(PAGE)


@pytest.mark.parametrize("kind", ["zeros", "random"])
@pytest.mark.parametrize("state", ["ended", "cut_off"])
def test_every_page_of_a_journal(kind, state, request, tmp_path):
    session = request.getfixturevalue(state)
    whole = session.journal.read_bytes()
    for at in range(0, len(whole), PAGE):
        folder = SessionFolder(shutil.copytree(session.path, tmp_path / f"{at}"))
        damaged = put_page(folder.journal, at, page_of(kind, at))
        check_journal(folder, whole, at, damaged)
        shutil.rmtree(folder.path)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("zeros", "ended"),
        ("random", "cut_off"),
        pytest.param("zeros", "cut_off", marks=pytest.mark.slow),
        pytest.param("random", "ended", marks=pytest.mark.slow),
    ],
)
def test_every_sixteenth_page_of_a_recording(kind, state, request, tmp_path):
    session = request.getfixturevalue(state)
    before = chunks_of(session.recording)
    size = session.recording.stat().st_size
    for at in [0, PAGE, 2 * PAGE, *range(3 * PAGE, size, 16 * PAGE), size // PAGE * PAGE]:
        folder = SessionFolder(shutil.copytree(session.path, tmp_path / f"{at}"))
        damaged = put_page(folder.recording, at, page_of(kind, at))
        check_recording(folder, before, at, damaged)
        shutil.rmtree(folder.path)


@examples(60)
@given(st.data())
def test_any_512_bytes_of_either_file(ended, cut_off, data):
    session = data.draw(st.sampled_from([ended, cut_off]))
    name = data.draw(st.sampled_from(["journal.jsonl", "recording.xdf"]))
    whole = (session.path / name).read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    page = data.draw(st.just(bytes(PAGE)) | st.binary(min_size=PAGE, max_size=PAGE))
    with tempfile.TemporaryDirectory() as place:
        folder = SessionFolder(shutil.copytree(session.path, Path(place) / "s"))
        damaged = put_page(folder.path / name, at, page)
        if damaged == whole:
            return
        if name == "journal.jsonl":
            check_journal(folder, whole, at, damaged)
        else:
            check_recording(folder, chunks_of(session.recording), at, damaged)


@pytest.mark.parametrize("byte", [0, 1, 13, ord("}"), 255])
def test_a_wrong_byte_in_place_of_the_last_newline(cut_off, tmp_path, byte):
    whole = cut_off.journal.read_bytes()
    folder = SessionFolder(shutil.copytree(cut_off.path, tmp_path / "s"))
    at = len(whole) - 1
    damaged = put_page(folder.journal, at, bytes([byte]) * PAGE)
    check_journal(folder, whole, at, damaged)
