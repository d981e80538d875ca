"""Tables as people have them become series: what was found out or dealt with is said."""

from __future__ import annotations

import io
import os
import threading
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine.data import series_tables, tables
from htm_engine.data.series_tables import read_table
from htm_engine.data.tables import layout_of
from htm_engine.errors import DataError
from tests.fuzz import series as fuzzed

MINUTES = np.datetime64("2026-01-31T23:58") + np.arange(3).astype("timedelta64[m]")


def read(text, **more):
    return read_table(io.BytesIO(text if isinstance(text, bytes) else text.encode()), **more)


@pytest.mark.parametrize(
    "text",
    [
        "time,load\n2026-01-31 23:58,1.5\n2026-01-31 23:59,2\n2026-02-01 00:00,-3e1\n",
        "time;load\n31.01.2026 23:58;1,5\n31.01.2026 23:59;2,0\n01.02.2026 00:00;-30,0\n",
        "load\ttime\n1.5\t2026-01-31T23:58:00Z\n2\t2026-01-31T23:59:00Z\n-30\t2026-02-01T02:00:00+02\n",
        "time|load\n1769903880|1.5\n1769903940|2\n1769904000|-30\n",
        "time,load\n1769903880000,1.5\n1769903940000,2\n1769904000000,-30\n",
        '{"time":"2026-01-31T23:58","load":1.5}\n{"time":"2026-01-31T23:59","load":2}\n'
        '{"time":"2026-02-01T00:00","load":-30}\n',
        "\ufefftime, load\r\n01/31/2026 23:58, 1.5\r\n01/31/2026 23:59, 2\r\n"
        "02/01/2026 00:00, -30\r\n",
    ],
    ids=["csv", "decimal comma", "tsv", "seconds", "milliseconds", "json lines", "american"],
)
def test_a_table_is_read_however_it_is_written(text):
    found = read(text)
    assert found.columns == ("load",) and found.time == "time"
    assert found.values.tolist() == [[1.5], [2.0], [-30.0]]
    np.testing.assert_array_equal(found.stamps, MINUTES)


def test_parquet_and_frames_are_read_as_the_same_table_is(tmp_path):
    frame = pd.DataFrame({"when": MINUTES, "load": [1.5, 2.0, -30.0], "who": ["a", "b", "c"]})
    frame.to_parquet(tmp_path / "x.parquet")
    for found in (
        read_table(tmp_path / "x.parquet"),
        read_table(frame),
        read_table(frame.set_index("when")),
    ):
        assert found.values.tolist() == [[1.5], [2.0], [-30.0]] and found.time == "when"
        np.testing.assert_array_equal(found.stamps, MINUTES)
        assert any("Left out" in note and "'who'" in note for note in found.notes)


def test_without_header_and_time_columns_are_numbered():
    found = read("5;6\n7;8\n")
    assert found.columns == ("column 1", "column 2") and found.stamps is None
    assert found.values.tolist() == [[5, 6], [7, 8]]


def test_a_column_of_row_numbers_without_a_name_shifts_nothing():
    found = read("a,b\n1,2.5,3\n2,4.5,5\n")
    assert found.columns == ("row", "a", "b") and found.values[:, 1].tolist() == [2.5, 4.5]


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("时间,温度", "gb18030"),
        ("日期,开盘价（元）", "gb18030"),
        ("时间,温度（℃）", "gb18030"),
        ("时间,温度(℃),湿度(%)", "gb18030"),
        ("角度°,时间", "gb18030"),
        ("价格×数量,序号①", "gb18030"),
        ("“温度”,面积㎡", "gb18030"),
        ("ひづけ,おんど", "shift_jis"),
        ("Größe in µm,Température", "cp1252"),
        ("Température °C,Größe m²,naïve café", "cp1252"),
        ("Länge × Breite,“Été”,¿Qué?", "cp1252"),
    ],
)
def test_headers_in_the_encoding_of_their_country_are_readable(header, encoding):
    text = header + "\n" + "".join(f"{step},{step}.5\n" for step in range(30))
    found = tables.frames(io.BytesIO(text.encode(encoding)))[0]
    assert found is not None and found.columns == tuple(header.split(","))


def test_a_pipe_is_a_table_too(tmp_path):
    pipe = tmp_path / "table.csv"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_bytes, args=(b"t,x\n1,2\n2,3\n3,5\n",))
    writing.start()
    assert read_table(pipe).columns[-1] == "x"
    writing.join()
    with pytest.raises(DataError, match="device"):
        read_table("/dev/zero")


def test_letters_of_other_encodings_are_read():
    text = "Größe;t\n1,5;2026-01-01\n2,5;2026-01-02\n"
    for encoding in ("utf-8", "cp1252", "utf-16"):
        assert read(text.encode(encoding)).columns == ("Größe",)


def test_everything_amiss_is_dealt_with_and_said():
    found = read(
        "time,x\n2026-01-01 00:00,1\n2026-01-01 00:01,two\n2026-01-01 00:01,inf\n"
        "2026-01-01 00:00,4\nsoon,5\n2026-01-01 00:01,\n2026-01-01 09:02,7\n"
        "2026-01-01 09:03,8,9\n2026-01-01 09:04,1e300\n"
    )
    np.testing.assert_array_equal(
        found.values[:, 0], [1, np.nan, np.nan, 4, 5, np.nan, 7, 8, np.nan]
    )
    assert np.isnat(found.stamps[4])
    for said in (
        "Read as",
        "1 cell holds text and became a gap",
        "2 values are infinite",
        "1 row has no readable time",
        "1 time stamp is doubled",
        "1 time stamp goes backward",
        "Gaps in time: 1, the longest 9.02 h where 1 min is usual",
        "4 cells are gaps",
    ):
        assert any(said in note for note in found.notes), (said, found.notes)


def test_a_row_that_is_too_long_keeps_its_place_and_is_counted():
    text = "a,b\n" + "1,2\n" * 300 + "3,4,5\n" + "6,7\n"
    found = read(text)
    assert found.values[-2:].tolist() == [[3, 4], [6, 7]] and len(found) == 302
    assert "1 row has more cells than columns." in found.notes


def test_text_between_numbers_with_a_decimal_comma_is_a_gap_alone():
    found = read("a;b\n1,5;1\n2,5;3\nbroken;4\n3,5;5\n")
    np.testing.assert_array_equal(found.values[:, 0], [1.5, 2.5, np.nan, 3.5])


def test_chosen_columns_are_taken_alone():
    found = read("t,a,b\n1,2,3\n4,5,6\n", columns=["b"])
    assert found.columns == ("b",) and found.values.tolist() == [[3], [6]]
    for wrong in ({"columns": ["c"]}, {"time": "c"}):
        with pytest.raises(DataError, match="no column 'c'; it has 't', 'a', 'b'"):
            read("t,a,b\n1,2,3\n4,5,6\n", **wrong)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"time,x\n", "no column of numbers"),
        (b"hello\nworld\n", "no column of numbers"),
        (b"PK\3\4\0\0\0\0", "a ZIP file, not a table"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "a PNG picture, not a table"),
        (b"1," * 200_000, "1,000 columns"),
        (b"x" * 300_000, "1,000 columns"),
        (b"1,2\n" + b"1," * 1500, "1,000 columns"),
        (b"[1, 2]", "line by line"),
        (b'{"a": ', "damaged"),
        (b'{"a": 1}\n' + b'{"a": "' + b"x" * 300_000, "1,000 columns"),
        (b"PAR1 and no more", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(data, says):
    with pytest.raises(DataError, match=says):
        read(data)


def test_a_long_table_is_read_in_parts_that_fit_together(monkeypatch):
    rows = "".join(f"{t},{t * 0.5}\n" for t in range(2000))
    whole = read(rows)
    monkeypatch.setattr(tables, "CELLS", 600)
    parts = list(tables.frames(io.BytesIO(rows.encode()))[1])
    assert max(map(len, parts)) == 300
    np.testing.assert_array_equal(read(rows).values, whole.values)


def test_more_cells_than_are_kept_are_refused(monkeypatch):
    monkeypatch.setattr(series_tables, "MOST_CELLS", 5)
    with pytest.raises(DataError, match="over 5 cells"):
        read("1,2\n3,4\n5,6\n")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e99, 1e99), min_size=2, max_size=30))
def test_numbers_come_back_as_the_doubles_that_they_were(numbers):
    found = read("x\n" + "".join(f"{number!r}\n" for number in numbers))
    assert found.values[:, 0].tolist() == numbers


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_series_or_a_sentence(data):
    try:
        found = read(data)
    except DataError as exc:
        assert str(exc).endswith((".", "numbers."))
    else:
        assert len(found) > 0 and (np.abs(found.values[~np.isnan(found.values)]) <= 1e100).all()


# ------------------------------------------------------- what a reader's eyes found
def test_a_blank_cell_of_one_column_is_a_gap_and_no_row_less():
    values = read_table(io.BytesIO(b"x\n1\n\n3\n4\n")).values[:, 0]
    np.testing.assert_array_equal(values, [1, np.nan, 3, 4])


def test_a_header_after_a_blank_line_is_no_row():
    assert read_table(io.BytesIO(b"\nt;x\n1;2\n2;3\n")).columns == ("t", "x")
    assert len(read_table(io.BytesIO(b"\nt;x\n1;2\n2;3\n"))) == 2


def test_a_row_too_long_to_be_kept_is_said():
    with pytest.raises(DataError, match="twice as many cells"):
        read_table(io.BytesIO(b"x,y\n1,2\n3,4\n1,2,3,4,5,6,7\n5,6\n"))


def test_a_thousand_keys_of_json_take_no_cell_each():
    lines = "\n".join(f'{{"k{i}": 1, "l{i}": 2}}' for i in range(40_000))
    tracemalloc.start()
    with pytest.raises(DataError, match="this is no series"):
        read_table(io.BytesIO(lines.encode()))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100e6


def test_the_index_of_times_of_a_parquet_file_is_its_time():
    index = pd.date_range("2026-01-01", periods=5, freq="h", name="t")
    stream = io.BytesIO()
    pd.DataFrame({"x": range(5), "note": "a" * 300}, index=index).to_parquet(stream)
    stream.seek(0)
    data = read_table(stream)
    assert data.time == "t" and data.columns == ("x",)
    assert data.stamps[1] == np.datetime64("2026-01-01T01:00")
    assert any("note" in note for note in data.notes)


@pytest.mark.parametrize("spare", range(3))
def test_a_long_table_in_chinese_keeps_its_names(spare):
    content = ("x" * spare + ",状态\n" + "1,好\n" * 60_000).encode()
    assert read_table(io.BytesIO(content)).columns[0].startswith("x"[:spare] or "column")
    assert layout_of(content[: 1 << 18]).encoding == "utf-8-sig"


def test_names_that_look_like_made_ones_stay_apart():
    assert len(set(layout_of(b"x 3,x,x\n1,2,3\n4,5,6\n").columns)) == 3


def of_parquet(frame, **more):
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False)
    stream.seek(0)
    return read_table(stream, **more)


def test_times_that_parquet_holds_as_text_are_the_time():
    texts = pd.Series(MINUTES.astype(str))
    found = of_parquet(pd.DataFrame({"x": [1.5, 2, 3], "when": texts}))
    assert found.time == "when" and found.columns == ("x",)
    np.testing.assert_array_equal(found.stamps, MINUTES.astype("datetime64[us]"))


def test_text_that_is_short_in_the_file_and_long_in_memory_is_left_out():
    long = "2026-01-31 23:58" + "x" * 100_000
    frame = pd.DataFrame({"x": np.arange(2000.0), "who": [long] * 2000})
    tracemalloc.start()
    found = of_parquet(frame)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.columns == ("x",) and any("'who'" in note for note in found.notes)
    assert most < 50e6


def test_a_file_that_says_how_many_rows_it_has_is_refused_before_it_is_read(monkeypatch):
    frame = pd.DataFrame({"x": np.zeros(5000)})
    monkeypatch.setattr(series_tables, "_gathered", lambda *_: pytest.fail("it was read"))
    with pytest.raises(DataError, match="5,000 rows; at most 4,999"):
        of_parquet(frame, most_rows=4999)
    with pytest.raises(DataError, match="at most 2 are"):
        monkeypatch.undo()
        read("a,b\n1,2\n3,4\n5,6\n", most_rows=2)


def test_a_damaged_parquet_file_is_refused_and_does_not_end_the_process():
    """To ask a column of such a file for its sizes would (pyarrow 26); found by the fuzzer."""
    (content,) = (one for one in fuzzed.tables()[0] if one[:4] == b"PAR1")
    damaged = bytearray(content)
    damaged[-2312] = 90  # how many values a schema says may be missing
    with pytest.raises(DataError):
        read(bytes(damaged))


def test_how_parquet_groups_its_rows_makes_no_difference_and_takes_no_minutes(monkeypatch):
    texts = pd.Series(pd.date_range("2026-01-01", periods=40, freq="h").astype(str))
    frame = pd.DataFrame({"x": np.arange(40.0), "when": texts.where(texts.index > 0)})

    def grouped(rows):
        stream = io.BytesIO()
        frame.to_parquet(stream, row_group_size=rows)
        stream.seek(0)
        return read_table(stream)

    whole, single = grouped(40), grouped(1)
    assert whole.time == single.time == "when"
    np.testing.assert_array_equal(whole.stamps, single.stamps)
    np.testing.assert_array_equal(whole.values, single.values)
    # Beyond so many groups their texts are not read: each group takes milliseconds.
    monkeypatch.setattr(tables, "FEW_GROUPS", 30)
    assert grouped(1).time is None and grouped(1).columns == ("x",)
    assert grouped(2).time == "when"


@pytest.mark.parametrize("written", ["%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M", "%m/%d/%Y %H:%M"])
def test_day_and_month_keep_their_order_from_part_to_part(written, monkeypatch):
    """The first 256 hours of a month tell nothing of it; what comes later does."""
    monkeypatch.setattr(tables, "CELLS", 1)
    hours = pd.date_range("2026-02-01", periods=900, freq="h")
    text = "when,load\n" + "".join(f"{one},1\n" for one in hours.strftime(written))
    found = read(text)
    assert (found.stamps == hours.to_numpy("datetime64[us]")).all()
    assert not any("month/day" in one for one in found.notes)


def test_where_nothing_tells_the_order_of_day_and_month_a_note_says_how_they_are_read():
    found = read("when,load\n1/2/2026,1\n1/3/2026,2\n")
    assert str(found.stamps[1]).startswith("2026-01-03")
    assert any("month/day" in one for one in found.notes)
    assert not any("month/day" in one for one in read("when,load\n1.2.2026,1\n1.3.2026,2\n").notes)


@pytest.mark.parametrize("before", ["", "10:00 ", "Mon "])
def test_the_order_shows_wherever_in_the_cell_the_date_stands(before):
    found = read("when,load\n" + "".join(f"{before}{day}/2/2026,1\n" for day in (1, 2, 13)))
    days = found.stamps.astype("datetime64[D]").astype(str).tolist()
    assert days == ["2026-02-01", "2026-02-02", "2026-02-13"]


def test_one_stray_cell_does_not_turn_the_dates_of_a_whole_table(monkeypatch):
    monkeypatch.setattr(tables, "CELLS", 1)
    days = pd.date_range("2026-01-01", periods=600)
    text = "when,load\n" + "".join(f"{one},1\n" for one in days.strftime("%m/%d/%Y"))
    for stray in ("15-minute outage", "15/1/2026"):
        found = read(text + f"{stray},1\n")
        assert (found.stamps[:600] == days.to_numpy("datetime64[us]")).all()
    assert any("some month/day" in one for one in found.notes)


@pytest.mark.parametrize("written", ["{day}/{month}/2026", "{month}/{day}/2026"])
@pytest.mark.parametrize("newest_first", [False, True])
def test_where_no_day_is_beyond_the_twelfth_time_goes_one_way(written, newest_first):
    days = [(month, day) for month in (1, 2, 3) for day in range(1, 13)]
    days = days[::-1] if newest_first else days
    cells = [written.format(month=month, day=day) for month, day in days]
    found = read("when,load\n" + "".join(f"{one},1\n" for one in cells))
    right = [np.datetime64(f"2026-{month:02}-{day:02}") for month, day in days]
    assert (found.stamps == np.array(right)).all()
    assert not any("none tells" in one for one in found.notes)


@pytest.mark.parametrize("other", ["?", "2026-05-01"])
def test_parts_without_such_dates_do_not_tell_their_order(monkeypatch, other):
    monkeypatch.setattr(tables, "CELLS", 1)
    found = read("when,load\n" + "1/2/2026,1\n" * 256 + f"{other},1\n" * 256)
    assert any("none tells" in one for one in found.notes)


def test_times_written_in_several_ways_are_all_read():
    cells = ["13/01/2026 10:00", "14/01/2026", "2026-01-15 10:00", "16 Jan 2026", "?", "17/1/2026"]
    found = read("when;load\n" + "".join(f"{one};1\n" for one in cells))
    days = found.stamps.astype("datetime64[D]").astype(str).tolist()
    assert days == ["2026-01-13", "2026-01-14", "2026-01-15", "2026-01-16", "NaT", "2026-01-17"]


def test_rows_of_a_frame_may_be_called_alike():
    frame = pd.DataFrame({"when": ["13/01/2026", "14/01/2026"], "load": [1, 2]}, index=[7, 7])
    assert str(read_table(frame).stamps[1]).startswith("2026-01-14")
