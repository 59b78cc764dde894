"""Pages of an XDF file that is read from the disk have, to the bit, what pyxdf reads of the whole file."""

import io
import struct
from typing import NamedTuple

import numpy as np
import pyxdf
from hypothesis import Phase, given
from hypothesis import strategies as st
from support.examples import examples

from monitor.files import read_recording
from monitor.files.xdf_chunks import BOUNDARY, CLOCK_OFFSET, DTYPES, SAMPLES, STREAM_FOOTER, STREAM_HEADER
from monitor.session.signal.xdf_format import chunk, file_header, varlen

HEADER = (
    "<info><name>{}</name><type>{}</type><channel_count>{}</channel_count><channel_format>{}</channel_format>"
    "<nominal_srate>{}</nominal_srate></info>"
)
MARK = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
# Of the samples of a chunk: which have a stamp.
PATTERNS = {
    "all": lambda i: True,
    "first": lambda i: i == 0,
    "none": lambda i: False,
    "every other": lambda i: i % 2 == 0,
    "the others": lambda i: i % 2 == 1,
    "irregular": lambda i: i % 5 in (0, 1, 3),
}


class Stream(NamedTuple):
    kind: str
    n_channels: int
    rate_hz: float


streams = st.builds(
    Stream,
    st.sampled_from([*sorted(DTYPES), "string"]),
    st.integers(1, 4),
    st.sampled_from([0.0, 50.0, 100 / 3, 512.0]),
)
# The stream, the number of samples, and which have a stamp.
samples = st.tuples(st.integers(0, 2), st.integers(0, 40), st.sampled_from(sorted(PATTERNS)))


def header(number, stream):
    kind = "Markers" if stream.kind == "string" else "EMG"
    text = HEADER.format(f"S{number}", kind, stream.n_channels, stream.kind, stream.rate_hz)
    return chunk(STREAM_HEADER, struct.pack("<I", number) + text.encode())


def sample_chunk(number, stream, n, is_stamped, first_s, rng):
    body = b""
    for i in range(n):
        stamp_s = first_s + (i + rng.uniform(0, 0.3)) / (stream.rate_hz or 50.0)
        body += struct.pack("<Bd", 8, stamp_s) if is_stamped(i) else b"\0"
        if stream.kind == "string":
            for _ in range(stream.n_channels):
                text = str(rng.choice(["N2", "", "ö", "x" * 300])).encode()
                body += varlen(len(text)) + text
        else:
            body += rng.normal(0, 50, stream.n_channels).astype(DTYPES[stream.kind]).tobytes()
    return chunk(SAMPLES, struct.pack("<I", number) + varlen(n) + body)


def chunks_of(numbered, listed, rng):
    """Return the chunks of a file; each stream begins with a sample that has a stamp."""
    made = [file_header(), *(header(*each) for each in numbered.items())]
    counts = dict.fromkeys(numbered, 0)
    for place, n, pattern in [*((i, 1, "all") for i in range(len(numbered))), *listed]:
        number = place % len(numbered) + 1
        stream = numbered[number]
        first_s = 1000.0 + counts[number] / (stream.rate_hz or 50.0)
        made.append(sample_chunk(number, stream, n, PATTERNS[pattern], first_s, rng))
        counts[number] += n
        made.append(chunk(CLOCK_OFFSET, struct.pack("<Idd", number, first_s, rng.normal(0.0, 1e-4))))
        made.append(chunk(BOUNDARY, MARK))
    footer = "<info><sample_count>{}</sample_count></info>"
    return made + [
        chunk(STREAM_FOOTER, struct.pack("<I", number) + footer.format(n).encode())
        for number, n in counts.items()
    ]


def whole(chunks):
    """Read a sound file with pyxdf, all at once."""
    found, _ = pyxdf.load_xdf(
        io.BytesIO(b"".join(chunks)), synchronize_clocks=False, dejitter_timestamps=False, verbose=False
    )
    return found


@examples(60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(
    others=st.lists(streams, max_size=2),
    legs=st.builds(
        Stream, st.sampled_from(sorted(DTYPES)), st.integers(1, 4), st.sampled_from([100.0, 256.0])
    ),
    listed=st.lists(samples, max_size=12),
    garbage=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 3000)), max_size=3),
    cut_share=st.one_of(st.just(1.0), st.floats(0.0, 1.0)),
    page=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_pages_are_those_of_the_whole(tmp_path_factory, others, legs, listed, garbage, cut_share, page):
    numbered = dict(enumerate([legs, *others], start=1))
    chunks = chunks_of(numbered, listed, np.random.default_rng(len(listed)))
    # Headers and the first sample of the legs stay; what follows is cut off or interrupted by garbage.
    first = 1 + len(numbered) + 1
    length = sum(map(len, chunks))
    least = sum(map(len, chunks[:first]))
    cut = round(least + cut_share * (length - least))
    data, sound = b"", []
    for i, each in enumerate(chunks):
        if sum(map(len, [*sound, each])) > cut:
            data += each[: cut - sum(map(len, sound))]
            break
        sound.append(each)
        data += each + b"\xee" * sum(
            n for share, n in garbage if i >= first and round(share * len(chunks)) == i
        )
    path = tmp_path_factory.mktemp("pages") / "r.xdf"
    path.write_bytes(data)

    recording = read_recording(path)
    expected = whole(sound)
    numeric = [s for s in expected if s["info"]["channel_format"] != ["string"] and len(s["time_stamps"])]
    origin_s = numeric[0]["time_stamps"][0]
    assert (len(recording.streams), recording.origin_s) == (len(numeric), origin_s)
    for found, of_whole in zip(recording.streams, numeric, strict=True):
        np.testing.assert_array_equal(found.stamps_s, of_whole["time_stamps"] - origin_s)
        np.testing.assert_array_equal(found.read(), of_whole["time_series"].astype(float))
        start_n, stop_n = sorted(round(share * found.sample_n) for share in page)
        columns = [len(found.channels) - 1, 0]
        np.testing.assert_array_equal(
            found.read(columns, start_n, stop_n), of_whole["time_series"][start_n:stop_n, columns]
        )
    texts = [
        (float(stamp_s - origin_s), 0.0, text.strip())
        for s in expected
        if s["info"]["channel_format"] == ["string"]
        for stamp_s, row in zip(s["time_stamps"], s["time_series"], strict=True)
        for text in row
        if text.strip()
    ]
    assert sorted([*recording.annotations, *recording.unplaced]) == sorted(texts)
