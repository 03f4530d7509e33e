"""The stock prices: adjusted, complete, in order."""

import numpy as np
import pytest

from course.data.stocks import TICKERS, stocks


@pytest.fixture(scope="module")
def prices():
    return stocks()


def test_four_stocks_over_thirteen_years(prices):
    assert tuple(prices) == TICKERS and len(prices) == 3270
    assert [str(day.date()) for day in prices.index[[0, -1]]] == [
        "2000-03-01",
        "2013-03-01",
    ]
    assert prices.index.is_monotonic_increasing and prices.index.is_unique
    assert (prices.index.day_of_week < 5).all()


def test_only_google_begins_later(prices):
    assert str(prices["GOOG"].first_valid_index().date()) == "2004-08-19"
    assert prices.drop(columns="GOOG").notna().all(axis=None)
    assert prices["GOOG"].loc["2004-08-19":].notna().all()
    assert (prices.min() > 0).all()


def test_prices_are_adjusted_for_splits(prices):
    """Apple split two for one on 2005-02-28, and fell by half on 2000-09-29."""
    returns = np.log(prices["AAPL"]).diff()
    assert abs(returns["2005-02-28"]) < 0.05
    assert returns.idxmin().date().isoformat() == "2000-09-29"
    assert -0.75 < returns.min() < -0.7
