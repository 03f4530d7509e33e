"""The learner's own text: read it, or say in one sentence why it cannot be read."""

import unicodedata
from dataclasses import dataclass

import numpy as np

from course.errors import CourseError
from course.files import explain, from_home

MINIMUM = 10_000  # characters


@dataclass(frozen=True)
class Text:
    """A text in three parts, with the characters that occur in it.

    Attributes:
        train, validation, test: the parts, none of which overlaps another.
        characters: every character once, in order; a character's place is its number.
    """

    train: str
    validation: str
    test: str
    characters: str

    def encode(self, text):
        """Return the numbers of a text's characters, shape (len(text),), int32.

        Raises:
            CourseError: a character does not occur in this text.
        """
        numbers = {character: i for i, character in enumerate(self.characters)}
        unknown = sorted(set(text) - set(numbers))
        if unknown:
            raise CourseError(
                f"The model does not know the character {unknown[0]!r}: leave it out."
            )
        return np.array([numbers[character] for character in text], dtype="int32")

    def decode(self, numbers):
        """Return the text that a sequence of character numbers stands for."""
        return "".join(self.characters[number] for number in numbers)


def read_text(path):
    """Read a text file to train on.

    A byte order mark is dropped, all line ends become `\\n`, and characters that can be
    written in two ways take one form (Unicode NFC), so that `é` is one symbol.

    Args:
        path: a UTF-8 file of at least 10,000 characters.
    Returns:
        the text.
    Raises:
        CourseError: there is no such file, or it is too short or no UTF-8 text.
    """
    path = from_home(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(explain(path, error, "a text file")) from error
    text = _decode(path, data).replace("\r\n", "\n").replace("\r", "\n")
    text = unicodedata.normalize("NFC", text)
    if len(text) < MINIMUM:
        size = f"has {len(text):,} characters" if text else "is empty"
        raise CourseError(
            f"{path} {size}, and a model needs at least {MINIMUM:,} to learn from: "
            "choose a longer text."
        )
    return text


def own_text(path):
    """Read the learner's own text file; its last fifth is held out to validate and test.

    Half of that fifth is the validation part, and half the test part.

    Args:
        path: as for `read_text`.
    Returns:
        a `Text`.
    Raises:
        CourseError: as `read_text`.
    """
    text = read_text(path)
    return Text(*split_text(text, validation=0.1, test=0.1), "".join(sorted(set(text))))


def split_text(text, validation=0.1, test=0.0):
    """Cut a text by position, so that no part overlaps another.

    Args:
        text: the whole text.
        validation: share of all characters, taken from just before the test part.
        test: share of the characters at the end.
    Returns:
        train, validation and test texts, in the order of the text.
    """
    end = len(text) - round(test * len(text))
    start = end - round(validation * len(text))
    return text[:start], text[start:end], text[end:]


def _decode(path, data):
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CourseError(
            f"{path} is written in UTF-16, not UTF-8: open it in a text editor and save it "
            "with the encoding UTF-8."
        )
    if (offset := data.find(b"\0")) >= 0:
        raise CourseError(
            f"{path} is not a text file (byte {offset:,} is zero): choose a plain text "
            "file, or export your document as plain text in UTF-8."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec counts from behind the byte order mark.
        offset = error.start + len(data) - len(error.object)
        line = data[:offset].count(b"\n") + 1
        raise CourseError(
            f"{path} is not UTF-8 (line {line:,}, byte {offset:,} is "
            f"0x{data[offset]:02x}): open it in a text editor and save it with the "
            "encoding UTF-8."
        ) from error
