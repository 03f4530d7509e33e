"""Weather: measured hourly temperatures, measured daily weather, and an average year."""

from course.data import wheels

EEMETER_WHEEL = {
    "name": "eemeter",
    "version": "4.1.1",
    "sha256": "2b9002d80ba11257764785f6f0e1f29a4f17f897e1cdffa4ac49429e7c2e3578",
    "size_mb": 1.5,
    "member": "eemeter/eemeter/samples/il-tempF.csv.gz",
}
VEGA_WHEEL = {
    "name": "vega_datasets",
    "version": "0.9.0",
    "sha256": "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d",
    "size_mb": 0.2,
    "member": "vega_datasets/_data/seattle-*.csv",
}


def springfield():
    """Return the temperature at Springfield, Illinois, hour by hour for over two years.

    The weather station is number 724390, the airport. Its reports, which come at odd
    minutes, were turned into one value for each full hour by the makers of the file, in
    degrees Fahrenheit. None is missing. The package calls its samples simulated; that is
    true of the meter readings that come with the temperatures, not of the temperatures
    themselves.

    Returns:
        a pandas Series of 19,417 temperatures in °C, from 2015-11-22 00:00 to 2018-02-08
        00:00. The times are local standard time (UTC - 6 hours) all year, so that no clock
        change makes a gap or a repetition.
    Raises:
        CourseError: the file cannot be fetched.
    Source: NOAA; the file is sample data of the package eemeter.
    """
    import pandas as pd

    table = pd.read_csv(wheels.fetch(**EEMETER_WHEEL))
    times = pd.to_datetime(table["dt"], utc=True).dt.tz_localize(None)
    times -= pd.Timedelta(hours=6)
    series = pd.Series(_celsius(table["tempF"].to_numpy()), times, name="temperature")
    return series.rename_axis("time").asfreq("h")


def seattle_normals():
    """Return the temperature of an average year in Seattle, hour by hour.

    The file calls itself the temperatures of 2010. It cannot be: from one day to the next
    its highest temperature moves by a tenth of a degree, where measurements move by three.
    A station's hourly *normals*, means over thirty years, look like this. One hour is
    missing, 03:00 on 14 March, the day on which clocks went forward; it is filled with the
    mean of its neighbours.

    Returns:
        a pandas Series of 8,760 temperatures in °C.
    Raises:
        CourseError: the file cannot be fetched.
    Source: NOAA; the file is seattle-temps of the package vega_datasets.
    """
    table = _read_seattle("temps")
    hours = table["temp"].asfreq("h").interpolate()
    return _celsius(hours).rename("temperature")


def seattle_daily():
    """Return measured weather in Seattle for every day of 2012 to 2015.

    Returns:
        a pandas DataFrame of 1,461 rows: precipitation in mm, temp_max and temp_min in °C,
        wind in m/s, and weather in one word.
    Raises:
        CourseError: the file cannot be fetched.
    Source: NOAA; the file is seattle-weather of the package vega_datasets.
    """
    return _read_seattle("weather").asfreq("D")


def _read_seattle(name):
    import pandas as pd

    file = wheels.fetch(**VEGA_WHEEL) / "vega_datasets" / "_data" / f"seattle-{name}.csv"
    return pd.read_csv(file, parse_dates=["date"], index_col="date")


def _celsius(fahrenheit):
    return (fahrenheit - 32) / 1.8
