"""The weather series: whole, in °C, regular, and what they are said to be."""

import numpy as np
import pandas as pd
import pytest

from course.data import weather


@pytest.fixture(scope="module")
def springfield():
    return weather.springfield()


def test_springfield_is_hourly_without_gaps(springfield):
    assert springfield.index[0] == pd.Timestamp("2015-11-22 00:00")
    assert springfield.index[-1] == pd.Timestamp("2018-02-08 00:00")
    assert len(springfield) == 19_417 and springfield.index.freq == "h"
    assert springfield.notna().all()


def test_springfield_is_in_celsius_and_in_local_time(springfield):
    assert springfield.iloc[0] == pytest.approx((21.01 - 32) / 1.8)
    assert -25 < springfield.min() < -20 and 35 < springfield.max() < 37
    months = springfield.groupby(springfield.index.month).mean()
    assert months.idxmax() == 7 and months.idxmin() in (1, 12)
    hours = springfield.groupby(springfield.index.hour).mean()
    assert hours.idxmax() == 14 and hours.idxmin() in (4, 5)


def test_springfield_is_real_weather(springfield):
    """The Midwest's warm February of 2017 and its frost of New Year 2018 are in it."""
    highest = springfield.resample("D").max()
    assert highest["2017-02-17":"2017-02-20"].min() > 18
    assert (
        springfield["2018-01-01":"2018-01-02"].min() < -23 and highest["2018-01-01"] < -15
    )


def test_the_hours_do_not_move_with_the_clocks(springfield):
    """In summer the file's offset is an hour less; the warmest hour must stay in place."""
    for months in ((6, 7), (11, 12)):
        part = springfield[springfield.index.month.isin(months)]
        assert part.groupby(part.index.hour).mean().idxmax() in (14, 15)


def test_seattle_normals_have_every_hour_of_a_year():
    normals = weather.seattle_normals()
    assert len(normals) == 8760 and normals.notna().all()
    assert normals.index.equals(
        pd.date_range("2010-01-01", periods=8760, freq="h", name="date")
    )
    filled = normals.loc["2010-03-14 02:00":"2010-03-14 04:00"].to_numpy()
    assert filled[1] == pytest.approx((filled[0] + filled[2]) / 2)


def test_seattle_normals_are_no_measurements(springfield):
    """As the docstring claims, the day-to-day change is far below that of measured days."""
    normals = weather.seattle_normals().resample("D").max().diff().std()
    measured = weather.seattle_daily()["temp_max"].diff().std()
    assert normals < 0.15 and 2.5 < measured < 3.5
    assert springfield.resample("D").max().diff().std() > 4


def test_seattle_daily():
    daily = weather.seattle_daily()
    assert list(daily) == ["precipitation", "temp_max", "temp_min", "wind", "weather"]
    assert (
        len(daily) == 1461 and daily.index.freq == "D" and not daily.isna().any(axis=None)
    )
    assert str(daily.index[0].date()) == "2012-01-01"
    assert (daily["temp_max"] >= daily["temp_min"]).all()
    assert set(daily["weather"]) == {"sun", "fog", "rain", "drizzle", "snow"}
    assert np.isclose(daily["precipitation"].max(), 55.9)
