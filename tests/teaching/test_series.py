"""Windows of a series, and the learner's own CSV file."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from course.data.series import MINIMUM, own_series, season, windows
from course.errors import CourseError


def test_windows_hold_every_pair_once_and_in_order():
    pasts, futures = windows(np.arange(10), 4, 3)
    assert pasts.shape == (4, 4) and futures.shape == (4, 3)
    assert pasts[0].tolist() == [0, 1, 2, 3] and futures[0].tolist() == [4, 5, 6]
    assert pasts[-1].tolist() == [3, 4, 5, 6] and futures[-1].tolist() == [7, 8, 9]


def test_windows_of_several_features():
    table = np.arange(20).reshape(10, 2)
    pasts, futures = windows(table, 4, 1)
    assert pasts.shape == (6, 4, 2) and futures.shape == (6, 1, 2)
    assert np.array_equal(pasts[2], table[2:6]) and np.array_equal(futures[2], table[6:7])


def test_windows_of_a_series_that_is_too_short():
    assert len(windows(np.arange(7), 4, 3)[0]) == 1
    with pytest.raises(ValueError, match="6 values do not fill a window of 4"):
        windows(np.arange(6), 4, 3)


@pytest.mark.parametrize(("step", "steps"), [("h", 24), ("15min", 96), ("D", 7), ("7D", 1)])
def test_season(step, steps):
    index = pd.date_range("2024-01-01", periods=1000, freq=step)
    assert season(pd.Series(range(1000), index)) == steps


def test_season_of_a_series_that_holds_fewer_than_ten():
    index = pd.date_range("2024-01-01", periods=240, freq="h")
    series = pd.Series(range(240), index)
    assert season(series) == 24 and season(series.iloc[:239]) == 1


def table(length=MINIMUM, step="h"):
    times = pd.date_range("2024-01-01", periods=length, freq=step)
    values = [f"{k % 25 + 0.5}" for k in range(length)]
    return pd.DataFrame({"time": times.astype(str), "price": values, "note": "x"})


def written(tmp_path, frame):
    path = tmp_path / "mine.csv"
    path.write_text(frame if isinstance(frame, str) else frame.to_csv(index=False), "utf-8")
    return path


@pytest.mark.parametrize("step", ["h", "D", "min"])
def test_own_series(tmp_path, step):
    series = own_series(written(tmp_path, table(step=step)), "price")
    assert len(series) == MINIMUM and series.dtype == float
    assert series.iloc[:3].tolist() == [0.5, 1.5, 2.5]
    assert series.index[0] == pd.Timestamp("2024-01-01")
    assert (series.index[1:] - series.index[:-1] == pd.Timedelta(1, step)).all()
    assert series.name == "price"


def test_own_series_in_any_order_with_spaces_and_a_byte_order_mark(tmp_path):
    text = table().iloc[::-1].to_csv(index=False).replace(",", ", ")
    path = tmp_path / "mine.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert own_series(str(path), "price").iloc[:2].tolist() == [0.5, 1.5]


def test_own_series_across_a_clock_change(tmp_path):
    frame = table()
    times = pd.date_range("2024-03-10", periods=len(frame), freq="h", tz="America/New_York")
    frame["time"] = [time.isoformat() for time in times]
    assert frame["time"].str[-6:].nunique() == 2
    assert len(own_series(written(tmp_path, frame), "price")) == MINIMUM


def test_own_series_with_a_comma_at_the_end_of_each_row(tmp_path):
    text = table().to_csv(index=False)
    head, rows = text.split("\n", 1)
    (tmp_path / "mine.csv").write_text(head + "\n" + rows.replace("\n", ",\n"))
    assert own_series(tmp_path / "mine.csv", "price").iloc[:2].tolist() == [0.5, 1.5]


def changed(row, column, value):
    frame = table()
    frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (changed(3, "price", ""), r"'price' has no value in row 5 of .*: fill the gap"),
        (changed(3, "price", "1,5"), "'1,5' in row 5 .* not a finite number.*point"),
        (changed(7, "price", "high"), "'high' in row 9"),
        (changed(7, "price", "inf"), "'inf' in row 9"),
        (table().assign(price="2.0"), "first half of 'price' .* repeats itself exactly"),
        (table().assign(price=[k % 24 for k in range(MINIMUM)]), "repeats itself exactly"),
        (
            table().assign(price=[max(k, 500) for k in range(MINIMUM)]),
            "repeats itself exactly",
        ),
        ("time;price\n2024-01-01;1\n", "single column.*comma"),
        (
            table().drop(index=500),
            "one row every 1 hour, and after 2024-01-21 19:00:00 comes ",
        ),
        (
            changed(4, "time", "2024-01-01 03:00:00"),
            "has the time 2024-01-01 03:00:00 twice",
        ),
        (changed(4, "time", "yesterday"), "row 6 has 'yesterday'"),
        (changed(4, "time", ""), "row 6 has nan"),
        (table(MINIMUM - 1), "has 999 values, and a forecast needs at least 1,000"),
        (table(1), "has 1 values"),
        (table(0), "has 0 values"),
        (table().drop(columns="time"), "no column 'price' behind its first.*note"),
        (table().drop(columns="price"), r"no column 'price' .* \(note\)"),
        ("", "not a CSV file"),
        ("time,price\n1,2,3,4\n1\n1,2,3,4,5", "not a CSV file"),
    ],
)
def test_own_series_refuses(tmp_path, frame, message):
    with pytest.raises(CourseError, match=message) as caught:
        own_series(written(tmp_path, frame), "price")
    assert "mine.csv" in str(caught.value) and str(caught.value).endswith(".")


def test_own_series_without_a_file_or_a_column(tmp_path):
    with pytest.raises(CourseError, match="There is no file"):
        own_series(tmp_path / "none.csv", "price")
    with pytest.raises(CourseError, match="is a folder"):
        own_series(tmp_path, "price")
    with pytest.raises(CourseError, match="cannot be read"):
        own_series(tmp_path / ("x" * 300), "price")
    with pytest.raises(CourseError, match="Set column .* price, note"):
        own_series(written(tmp_path, table()), "")


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(99),
        b"time,price\n\xff\xfe\n",
        "time,Temperatur °C\n2024-01-01,1\n".encode("latin-1"),
        "time,price\n2024-01-01,1\n".encode("utf-16"),
    ],
)
def test_a_file_that_is_no_text(tmp_path, content):
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(CourseError, match="not a CSV file in UTF-8"):
        own_series(path, "price")


def test_an_archive_is_not_unpacked(tmp_path):
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, table().to_csv())
    with pytest.raises(CourseError, match="not a CSV file in UTF-8|single column"):
        own_series(path, "price")
