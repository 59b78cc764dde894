"""An amplifier in a process of its own whose header is what a test wants: run with a JSON of its form.

``python sender.py '{"rate_hz": 500, "labels": ["LAT", "RAT"], "unit": "uV", "stamp": "now"}'``. A sample's
values are its own number, one more in each further channel, so that a test can see which came. ``lose``
holds what is lost before it is sent, as [number, how many] each; with ``"stamp": "counted"`` the stamps know
nothing of that. ``buffered_s`` is how much is kept for a receiver that does not keep up. ``again`` holds
where it sends some once more, as [number, how many of those before it] each. ``texts`` makes it a stream of
markers, two a second.
"""

import json
import sys
import time

from monitor.lsl.library import lsl


def send_texts(form: dict) -> None:
    """Send where the sleeper lies, again and again."""
    pylsl = lsl()
    info = pylsl.StreamInfo(form.get("name", "Stager"), "Markers", 1, 0, "string", form["source_id"])
    outlet = pylsl.StreamOutlet(info)
    while True:
        outlet.push_sample([f"position {form['texts']}"])
        time.sleep(0.5)


def main(form: dict) -> None:
    if "texts" in form:
        send_texts(form)
    pylsl, labels, rate_hz = lsl(), form["labels"], form["rate_hz"]
    info = pylsl.StreamInfo(
        form.get("name", "Amp"), "EMG", len(labels), rate_hz, form.get("format", "float32"), form["source_id"]
    )
    if form.get("simulated"):
        info.desc().append_child_value("simulated", "1")
    channels = info.desc().append_child("channels")
    for label in labels:
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", form.get("unit", "uV"))
        channel.append_child_value("type", "EMG")
    outlet = pylsl.StreamOutlet(info, 0, form.get("buffered_s", 360))
    lost = {number for at, many in form.get("lose", ()) for number in range(at, at + many)}
    again = dict(form.get("again", ()))
    while not outlet.have_consumers():
        time.sleep(0.02)
    begun_s, sent_n, lost_n = pylsl.local_clock(), 0, 0
    while True:
        due_n = int((pylsl.local_clock() - begun_s) * rate_hz)
        numbers = [
            each
            for number in range(sent_n, due_n)
            for each in (*range(number - again.get(number, 0), number), number)
        ]
        for number in numbers:
            if number in lost:
                lost_n += 1
                continue
            value = number % 30_000 if form.get("format") == "int16" else number
            # Legs with the same signal are warned of after ten seconds.
            values = [value + channel for channel in range(len(labels))]
            # "now": what a simple program does, also with all it has to catch up on.
            place = number - lost_n if form.get("stamp") == "counted" else number
            stamp_s = 0.0 if form.get("stamp") == "now" else begun_s + place / rate_hz
            outlet.push_sample(values, stamp_s)
        sent_n = due_n
        time.sleep(0.02)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
