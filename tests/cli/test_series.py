"""Series on the command line: tables in and out, and lines scored as they come."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import pytest

import htm_engine
from htm_engine import SeriesModel
from htm_engine.__main__ import main
from htm_engine.cli.live import follow_lines, read_line
from htm_engine.data.drawn_series import draw_series
from htm_engine.data.series_tables import read_table
from tests.helpers.places import ROOT


def run(capsys, *argv):
    code = main([str(part) for part in argv])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def table(tmp_path):
    values = np.random.default_rng(0).uniform(size=400).round(3)
    values[300] = 9
    lines = [f"2026-01-01 {t // 60:02}:{t % 60:02},{v}\n" for t, v in enumerate(values)]
    (tmp_path / "data.csv").write_text("time,=load()\n" + "".join(lines))
    return tmp_path / "data.csv", values


def test_scores_are_those_of_the_engine_and_no_cell_is_a_formula(table, tmp_path, capsys):
    source, values = table
    code, out, err = run(capsys, "detect", source, "-o", tmp_path / "scores.csv")
    assert code == 0 and "written" in out and "of 400 values are odd." in err
    assert "Read as 2 columns divided by commas" in err and "'time'" in err
    text = (tmp_path / "scores.csv").read_text()
    assert text.startswith("row,time,'=load(),score,prediction,low,high,surprise\n")
    stamps = read_table(source).stamps
    again = read_table(tmp_path / "scores.csv", ["score"])
    np.testing.assert_array_equal(again.values[:, 0], htm_engine.detect(values, stamps))
    np.testing.assert_array_equal(again.stamps, stamps)


def test_without_a_file_odd_rows_are_shown(table, capsys):
    code, out, _ = run(capsys, "detect", table[0], "--learning", 60, "--fast")
    assert code == 0 and out.splitlines()[0] == "row,time,'=load(),score"
    assert any(line.startswith("301,2026-01-01T05:00:00,9,") for line in out.splitlines())


def test_a_forecast_goes_on_where_the_table_ends(table, capsys):
    code, out, _ = run(capsys, "forecast", table[0], "-n", 3)
    head, *rows = out.splitlines()
    assert code == 0 and head == "row,time,mean,5 %,25 %,50 %,75 %,95 %"
    assert [row.split(",")[:2] for row in rows] == [
        [str(401 + i), f"2026-01-01T06:{40 + i}:00"] for i in range(3)
    ]


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("detect", "missing.csv"), "missing.csv cannot be used"),
        (("detect", "README.md"), "A row has over twice as many cells"),
        (("detect", "spikes", "-o", "."), "is a folder"),
        (("detect", "-", "-o", "x.csv"), "one by one"),
    ],
)
def test_what_cannot_be_done_is_said(argv, says, capsys):
    code, _, err = run(capsys, *argv)
    assert code == 1 and says in err and err.startswith("Error: ")


def test_of_several_columns_a_forecast_asks_for_one(tmp_path, capsys):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3,4\n")
    code, _, err = run(capsys, "forecast", tmp_path / "x.csv")
    assert code == 1 and "--column, of 'a', 'b'" in err
    assert run(capsys, "forecast", tmp_path / "x.csv", "--column", "b", "-n", 1)[0] == 0
    assert run(capsys, "forecast", "machine")[0] == 1  # a drawn one of several columns
    code, out, _ = run(capsys, "forecast", "machine", "--column", "vibration", "-n", 1)
    assert code == 0 and 0.3 < float(out.splitlines()[1].split(",")[2]) < 1
    code, _, err = run(capsys, "detect", "machine", "--column", "load")
    assert code == 1 and "machine has no column 'load'; it has 'temperature'" in err


def test_a_models_file_is_told_of(tmp_path, capsys):
    SeriesModel(50).fit(np.arange(60.0)).save(tmp_path / "m.npz")
    code, out, _ = run(capsys, "info", tmp_path / "m.npz")
    assert code == 0 and "series model" in out and "60" in out


@pytest.mark.parametrize(
    ("line", "stamp", "numbers"),
    [
        ("2026-01-31 23:59:01;12.5;ok\n", "2026-01-31T23:59:01", [12.5]),
        ("2026-01-31T23:59:01+01:00 GET 200 35 ms", "2026-01-31T22:59:01", [200, 35]),
        (
            '{"time": "2026-01-31T23:59:01Z", "a": 3, "ok": true, "b": null}',
            "2026-01-31T23:59:01",
            [3],
        ),
        ("load=0.5 idle=7", None, [0.5, 7]),
        ("no number here", None, []),
        ("2026-99-31 5", None, [5]),
        ("0001-01-01T00:00:00+01:00 5", None, [5]),  # before there are years
        ("{broken 5", None, [5]),
        ("1_000 0x10", None, []),
    ],
)
def test_a_line_of_any_kind_has_its_time_and_numbers(line, stamp, numbers):
    at, found = read_line(line)
    assert found == numbers and (at.isoformat() if at else None) == stamp


def test_lines_are_scored_as_updates_are():
    values = draw_series("spikes").data.values[:2000, 0]
    lines = ["a header\n", *[f"{value}\n" for value in values], "nothing\n", "1e999\n"]
    out = io.StringIO()
    follow_lines(io.StringIO("".join(lines)), out, lambda: SeriesModel(100, fast=True))
    head, *rows = out.getvalue().splitlines()
    model = SeriesModel(100, fast=True)
    wanted = [f",{value!r},{model.update(value).score:.4f}" for value in values.tolist()]
    assert head == "time,value,score" and rows == [*wanted, ",,0.0000"]


def test_each_line_is_answered_before_the_next_one_comes():
    process = subprocess.Popen(
        [sys.executable, "-m", "htm_engine", "detect", "-"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    for number in range(3):
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
        if not number:
            assert process.stdout.readline() == "time,value,score\n"
        assert process.stdout.readline() == f",{number}.0,0.0000\n"
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()


@pytest.fixture
def rows(tmp_path):
    """Rows without a time, of which the fortieth holds a cell that does not go with it."""
    values = np.random.default_rng(0).normal(size=(200, 2)).round(3)
    values = np.stack([values[:, 0], 2 * values[:, 0], values[:, 1]], axis=1)
    values[39, 1] = -9
    lines = [",".join(map(str, row)) + "\n" for row in values]
    (tmp_path / "rows.csv").write_text("a,b,c\n" + "".join(lines))
    return tmp_path / "rows.csv"


def test_rows_without_a_time_are_judged_by_one_another(rows, tmp_path, capsys):
    code, out, err = run(capsys, "detect", rows)
    head, *odd = out.splitlines()
    assert code == 0 and head == "row,a,b,c,score,bits,cell,expected" and "--series" in err
    assert any(line.startswith("40,") and ",b," in line for line in odd) and "200 rows" in err
    code, _, _ = run(capsys, "detect", rows, "-o", tmp_path / "scores.csv")
    again = read_table(tmp_path / "scores.csv", ["score", "bits of b"])
    assert code == 0 and again.values[:, 1].argmax() == 39 and len(again) == 200


def test_rows_may_be_taken_in_their_order(rows, tmp_path, capsys):
    code, out, err = run(capsys, "detect", rows, "--series")
    assert code == 0 and out.startswith("row,a,b,c,score\n") and "values are odd" in err
    assert run(capsys, "detect", rows, "--rows", "--learning", 50)[0] == 1
