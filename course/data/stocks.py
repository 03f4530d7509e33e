"""Daily prices of four stocks."""

from course.data import wheels

WHEEL = {
    "name": "bokeh_sampledata",
    "version": "2026.1",
    "sha256": "f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f",
    "size_mb": 12.8,
    "member": "bokeh_sampledata/_data/stocks.csv.gz",
}
TICKERS = ("AAPL", "GOOG", "IBM", "MSFT")


def stocks():
    """Return the closing prices of Apple, Google, IBM and Microsoft, March 2000 to 2013.

    The prices are adjusted for splits and dividends: a change from one day to the next is
    what an owner gained or lost. Days on which the exchange was closed are not in the
    table. Google was first traded on 2004-08-19 and has no price before. A fifth stock of
    the file, Facebook, is left out: it had been traded for less than a year.

    Returns:
        a pandas DataFrame with a row for each trading day and a column for each stock, in
        US dollars; NaN before Google's first day.
    Raises:
        CourseError: the file cannot be fetched.
    Source: Quandl WIKI Prices; the file is sample data of the package bokeh_sampledata.
    """
    import pandas as pd

    table = pd.read_csv(wheels.fetch(**WHEEL), parse_dates=["Date"])
    return table.pivot(index="Date", columns="Ticker", values="Adj Close")[list(TICKERS)]
