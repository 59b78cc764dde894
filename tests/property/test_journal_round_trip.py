"""Any fact survives the journal, and any cut of it is a prefix."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from monitor.model.facts import KINDS, UNUSABLE, Fact
from monitor.session.journal import Journal, decode, encode, fact_of, parse, read_journal
from monitor.session.journal_follower import JournalFollower

RESERVED = {"v", "seq", "kind", "t", "source", "supersedes", "crc"}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
UNNAMED = TEXTS.filter(lambda key: key not in RESERVED | {"text", "author", "told_utc"})
DATA = st.dictionaries(UNNAMED, VALUES, max_size=4)
SUPERSEDED = st.none() | st.integers(1, 100)
# What each kind may say is tested elsewhere; here, keys that no kind names.
FACTS = st.builds(
    lambda t_s, source, text, more, supersedes, seq: Fact(
        "note", t_s, source, {"text": text} | more, supersedes, seq
    ),
    st.floats(-86400, 86400),
    TEXTS,
    TEXTS,
    DATA,
    SUPERSEDED,
    st.integers(0, 10**9),
)
ANY_KIND = st.builds(
    Fact, st.sampled_from(sorted(KINDS)), st.none() | NUMBERS, TEXTS, DATA, SUPERSEDED, st.integers(0, 10**9)
)


@examples(150)
@given(FACTS)
def test_a_fact_is_read_back_as_it_was(fact):
    line = encode(fact)
    assert line.count(b"\n") == 1
    assert decode(line) == fact


@examples(150)
@given(ANY_KIND)
def test_a_line_is_read_back_whatever_it_says(fact):
    line = encode(fact)
    assert fact_of(parse(line)) == fact
    # Nothing is made up: what cannot be used is set aside under its number.
    assert decode(line) == fact or (decode(line).kind, decode(line).seq) == (UNUSABLE, fact.seq)


@examples(40)
@given(st.lists(FACTS, min_size=1, max_size=6), st.data())
def test_any_cut_of_a_journal_is_a_prefix_of_it(facts, data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        journal = Journal(path)
        written = journal.append(facts)
        journal.close()
        size = path.stat().st_size
        path.write_bytes(path.read_bytes()[: data.draw(st.integers(0, size))])
        found, tail = read_journal(path)
        assert found == written[: len(found)]
        assert tail.good_bytes + tail.torn_bytes == path.stat().st_size


@examples(60)
@given(st.lists(FACTS, min_size=2, max_size=12), st.data())
def test_after_a_power_cut_all_that_was_synced_is_there(facts, data):
    """The pages of the last write, of 512 bytes here, are on disk or not, in any combination."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        n_synced = data.draw(st.integers(1, len(facts) - 1))
        journal = Journal(path)
        synced = journal.append(facts[:n_synced])
        size = path.stat().st_size
        journal.append(facts[n_synced:])
        journal.close()
        whole = bytearray(path.read_bytes())
        for page in range(size // 512, len(whole) // 512 + 1):
            if not data.draw(st.booleans()):
                start, end = max(size, page * 512), min(len(whole), (page + 1) * 512)
                whole[start:end] = bytes(end - start)
        path.write_bytes(whole)
        found, tail = read_journal(path)
        assert found[:n_synced] == synced
        assert tail.good_bytes + tail.torn_bytes == len(whole)


def test_damage_in_the_middle_is_not_taken_for_a_power_cut(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append([Fact("note", 0.0, "person", {"text": "x" * 100}) for _ in range(20)])
    journal.close()
    whole = path.read_bytes()
    for damage in (b"\x01", b"\0", b"\0" * 40):
        at = len(whole) // 2
        path.write_bytes(whole[:at] + damage + whole[at + len(damage) :])
        facts, tail = read_journal(path)
        assert len(facts) == 19
        assert (tail.n_missing, tail.torn_bytes, tail.is_damaged) == (1, 0, True)


@examples(150)
@given(st.lists(FACTS, min_size=2, max_size=12), st.data())
def test_a_bad_page_costs_only_the_lines_it_touches(facts, data):
    """A page of 512 bytes anywhere, of zeros or of anything."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        journal = Journal(path)
        written = journal.append(facts)
        journal.close()
        whole = path.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        page = data.draw(st.just(bytes(512)) | st.binary(min_size=512, max_size=512))[: len(whole) - at]
        path.write_bytes(whole[:at] + page + whole[at + len(page) :])
        found, tail = read_journal(path)
        ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
        begins = [0, *ends[:-1]]
        untouched = [
            fact
            for fact, begin, end in zip(written, begins, ends, strict=True)
            if end <= at or begin >= at + len(page)
        ]
        assert set(map(_key, untouched)) <= set(map(_key, found))
        assert set(map(_key, found)) <= set(map(_key, written))
        assert [fact.seq for fact in found] == sorted({fact.seq for fact in found})
        assert tail.good_bytes + tail.torn_bytes == len(whole)
        # The tail of a live reader finds the same, and fills the places of what is missing.
        followed, _ = JournalFollower(path).read_new()
        assert [fact for fact in followed if fact.kind != "damaged" or fact in found] == found


def _key(fact):
    return encode(fact)
