"""Series of numbers at equal steps: windows to learn from, and the learner's own series."""

import numpy as np

from course.errors import CourseError
from course.files import explain, from_home

MINIMUM = 1_000  # values


def windows(values, length, horizon):
    """Cut a series into all its pairs of a past and the future that follows it.

    Pair k has the values k to k + length - 1 as its past and the next `horizon` values as
    its future. Both are views of the series, not copies.

    Args:
        values: the series, shape (steps,) or (steps, features).
        length: steps of the past.
        horizon: steps of the future.
    Returns:
        pasts (count, length, ...) and futures (count, horizon, ...), where count is
        steps - length - horizon + 1.
    Raises:
        ValueError: the series is shorter than one pair.
    """
    values = np.asarray(values)
    if len(values) < length + horizon:
        raise ValueError(
            f"{len(values)} values do not fill a window of {length} + {horizon}."
        )
    view = np.lib.stride_tricks.sliding_window_view(values, length + horizon, axis=0)
    view = np.moveaxis(view, -1, 1)
    return view[:, :length], view[:, length:]


def season(series):
    """Return how many steps make a season: a day of shorter steps, or a week of days.

    Args:
        series: a pandas Series whose index is regular.
    Returns:
        the number of steps, such as 24 for hours and 7 for days; 1 if neither fits, or if
        the series is shorter than ten of them.
    """
    import pandas as pd

    step = series.index[1] - series.index[0]
    for period in (pd.Timedelta(days=1), pd.Timedelta(days=7)):
        if step < period and period % step == pd.Timedelta(0):
            steps = period // step
            return steps if len(series) >= 10 * steps else 1
    return 1


def own_series(path, column):
    """Read the learner's own series from a CSV file.

    The file has a line of column names, and the times in its first column, such as
    `2024-05-01 13:00`. All steps must be equal: a series of hours, of quarters of an hour,
    of days. Rows may be in any order.

    Args:
        path: the file.
        column: the name of the column to forecast.
    Returns:
        a pandas Series of at least 1,000 numbers, in order of time.
    Raises:
        CourseError: the file or the column is missing, a value is missing or not a number,
            a time is missing, unreadable or there twice, or the series is too short or
            repeats itself.
    """
    table = _read(from_home(path))
    numbers = _numbers(table, path, column)
    times = _times(table, path)
    order = np.argsort(times, kind="stable")
    series = numbers.set_axis(times).iloc[order]
    _check_steps(series.index, path)
    if len(series) < MINIMUM:
        raise CourseError(
            f"{path} has {len(series):,} values, and a forecast needs at least {MINIMUM:,} "
            "to learn from: choose a longer series."
        )
    half, steps = series.to_numpy()[: len(series) // 2], season(series)
    if (half[steps:] == half[:-steps]).all():  # nothing to learn, and no error to scale by
        raise CourseError(
            f"The first half of {column!r} in {path} repeats itself exactly, so there is "
            "nothing to forecast: choose a column that varies."
        )
    return series


def _read(path):
    import pandas as pd

    try:
        # As text, so that a value that is no number can be shown as it stands in the file.
        # Nothing is unpacked, and a comma at a row's end begins no column.
        table = pd.read_csv(
            path,
            dtype=str,
            encoding="utf-8-sig",
            skipinitialspace=True,
            compression=None,
            index_col=False,
        )
    except OSError as error:
        raise CourseError(explain(path, error, "a CSV file")) from error
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise CourseError(
            f"{path} is not a CSV file in UTF-8: save it with commas between the columns "
            "and a line of column names on top."
        ) from error
    table.columns = table.columns.astype(str).str.strip()
    if len(table.columns) < 2:
        raise CourseError(
            f"{path} has a single column, and a time and a number are needed: put a comma, "
            "not a semicolon or a tab, between the columns."
        )
    return table


def _numbers(table, path, column):
    """Return a column as floats, or say which row is not one."""
    import pandas as pd

    others = ", ".join(table.columns[1:]) or "none besides its first"
    if not column:
        raise CourseError(
            f"Set column to the name of a column of {path}; it has: {others}."
        )
    if column not in table.columns[1:]:
        raise CourseError(
            f"{path} has no column {column!r} behind its first, which holds the times: "
            f"choose one of its columns ({others})."
        )
    text = table[column]
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    for row in np.flatnonzero(~np.isfinite(numbers)):
        if pd.isna(text.iloc[row]):
            raise CourseError(
                f"{column!r} has no value in row {row + 2} of {path}: fill the gap, or "
                "leave out all rows before it or behind it."
            )
        raise CourseError(
            f"{column!r} is {text.iloc[row]!r} in row {row + 2} of {path}, which is not a "
            "finite number: correct it; decimals need a point, and thousands no comma."
        )
    return numbers


def _times(table, path):
    import pandas as pd

    text = table.iloc[:, 0]
    # In UTC, so that a column whose offset changes with the season stays regular.
    times = pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601")
    for row in np.flatnonzero(times.isna()):
        raise CourseError(
            f"The first column of {path} should hold times such as 2024-05-01 13:00, and "
            f"row {row + 2} has {text.iloc[row]!r}: write all times like that."
        )
    return pd.DatetimeIndex(times.dt.tz_localize(None), name="time")


def _check_steps(times, path):
    """Say where a time is missing or there twice; `times` are in order."""
    import pandas as pd

    steps = times[1:] - times[:-1]
    for row in np.flatnonzero(steps == pd.Timedelta(0)):
        raise CourseError(
            f"{path} has the time {times[row]} twice: keep one row of the two (where "
            "clocks are set back, write the times in UTC)."
        )
    if len(steps) == 0:
        return  # too short, which the caller says
    usual = steps.to_series().mode()[0]
    for row in np.flatnonzero(steps != usual):
        raise CourseError(
            f"{path} should have one row every {_words(usual)}, and after {times[row]} "
            f"comes {times[row + 1]}: fill the gap, or leave out all rows before it or "
            "behind it."
        )


def _words(step):
    """Return a step in words, such as "1 hour"."""
    lengths = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}
    for name, seconds in lengths.items():
        count = step.total_seconds() / seconds
        if count >= 1 and count == int(count):
            return f"{count:.0f} {name}" + ("s" if count > 1 else "")
    return str(step)
