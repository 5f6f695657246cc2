"""The stream's field is the one by which times come in order, whatever it is called."""

import numpy as np

from streamrnn.presets.record import Record
from streamrnn.presets.sample import take
from tests.presets.make import START, fields, meters


def test_a_field_by_which_times_rise_names_the_streams() -> None:
    renamed = [{"whose": r.fields["meter"], "ts": r.fields["ts"], "v": r.fields["value"]} for r in meters(4, 100)]
    sample = take(fields(renamed), False)
    assert (sample.stream.name, sample.time.name, sample.time.written) == ("whose", "ts", "seconds")
    assert sample.streams == 4


def test_a_category_of_one_even_stream_names_none() -> None:
    rng = np.random.default_rng(0)
    rows = [
        {"date": START + 60 * n, "load": float(rng.normal()), "mode": str(rng.choice(["on", "off"]))}
        for n in range(300)
    ]
    assert take(fields(rows), False).stream.name is None


def test_a_label_is_no_stream_though_it_repeats() -> None:
    rows = [{"v": float(n), "class": "up" if n % 3 else "down"} for n in range(200)]
    assert take(fields(rows), False).stream.name is None


def test_whole_numbers_can_name_streams_where_their_name_says_so() -> None:
    rows = [{"device_id": n % 5, "time": START + 60 * (n // 5), "value": float(n % 7)} for n in range(500)]
    assert take(fields(rows), False).stream.name == "device_id"


def test_the_records_keys_name_the_streams_where_no_field_is_called_so() -> None:
    records = [Record({"v": float(n)}, key=f"k{n % 4}", timestamp=START + n) for n in range(100)]
    sample = take(records, False)
    assert sample.stream.keyed and sample.stream.name is None and sample.streams == 4


def test_irregular_accounts_are_told_by_their_name() -> None:
    rng = np.random.default_rng(1)
    rows = [
        {"shop": f"s{rng.integers(9)}", "account": f"a{rng.integers(30)}", "time": time, "amount": float(rng.gamma(2))}
        for time in (START + np.cumsum(rng.exponential(30.0, 600))).tolist()
    ]
    assert take(fields(rows), False).stream.name in ("shop", "account")
    assert take(fields(rows), False, stream="account").streams == 30
