"""BLEU and chrF, against what can be worked out by hand and against sacreBLEU."""

import numpy as np
import pytest
import sacrebleu

from course.metrics import bleu, bleu_by_length, chrf

GOOD = ["Tom comió dos manzanas rojas.", "¿Qué hora es ahora mismo?"]
ALSO = ["Tom se comió dos manzanas.", "¿Qué hora tenemos?"]


@pytest.mark.parametrize("score", [bleu, chrf])
def test_a_perfect_translation_has_100_whatever_its_case(score):
    found = score([text.upper() for text in GOOD], [[text] for text in GOOD])
    assert found.value == pytest.approx(100)


@pytest.mark.parametrize("score", [bleu, chrf])
def test_nothing_in_common_is_worth_nothing(score):
    assert score(
        ["un dos tres cuatro"] * 9, [["xyz vw xyz vw"]] * 9
    ).value == pytest.approx(0)


def test_bleu_by_hand():
    # 6, 4, 3, 2 of 6, 5, 4, 3 n-grams are right, and nothing is too short.
    score = bleu(["a b c d x d"], [["a b c d d d"], ["x"]][:1])
    precisions = [5 / 6, 3 / 5, 2 / 4, 1 / 3]
    assert score.value == pytest.approx(100 * np.prod(precisions) ** 0.25)


def test_a_short_translation_is_punished():
    full, cut = "a b c d e f g h", "a b c d e f"
    assert bleu([cut], [[full]]).value == pytest.approx(100 * np.exp(1 - 8 / 6))


def test_any_number_of_references_counts():
    one = bleu(GOOD[::-1], [[text] for text in ALSO])
    several = bleu(GOOD, [[ALSO[0], GOOD[0]], [GOOD[1]]])
    assert several.value == pytest.approx(100) and one.value < 60
    assert "nrefs:var" in several.signature


def test_punctuation_is_a_word_of_its_own():
    assert bleu(["¿ qué hora es ?"], [["¿Qué hora es?"]]).value == pytest.approx(100)


def test_values_are_sacrebleus():
    hypotheses = ["Tom comió manzanas rojas.", "¿Qué hora es?"]
    expected = sacrebleu.corpus_bleu(
        hypotheses, [GOOD], lowercase=True, tokenize="intl"
    ).score
    assert bleu(hypotheses, [[text] for text in GOOD]).value == pytest.approx(expected)
    lower = [text.lower() for text in hypotheses]
    expected = sacrebleu.corpus_chrf(lower, [[text.lower() for text in GOOD]]).score
    assert chrf(hypotheses, [[text] for text in GOOD]).value == pytest.approx(expected)


def test_the_interval_holds_the_score_and_narrows_with_more_sentences():
    rng = np.random.default_rng(0)

    def score(count):
        texts = [" ".join(rng.choice(list("abcdef"), size=8)) for _ in range(count)]
        noisy = [
            text[:8] + "x" + text[9:] if i % 2 else text for i, text in enumerate(texts)
        ]
        return bleu(noisy, [[text] for text in texts])

    few, many = score(50), score(800)
    for one in (few, many):
        assert one.low < one.value < one.high
    assert many.high - many.low < 0.5 * (few.high - few.low)
    assert str(many) == f"{many.value:.1f} [{many.low:.1f}, {many.high:.1f}]"
    assert "bs:1000" in many.signature and "tok:intl" in many.signature


def test_groups_by_length():
    sources = ["a b", "a b c", "a b c d e", "a b c d e f g h"]
    good = ["uno dos tres cuatro"] * 4
    groups = bleu_by_length(
        sources, good[:3] + ["nada"], [[text] for text in good], [0, 3, 5, 7]
    )
    assert [count for count, _ in groups] == [2, 1, 0]
    assert groups[0][1].value == pytest.approx(100) and groups[2][1] is None
    ((count, score),) = bleu_by_length(
        sources, good[:3] + ["x"], [[t] for t in good], [5, 9]
    )
    assert count == 1 and score.low == score.value == score.high == 0


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="2 translations, and references for 1"):
        bleu(GOOD, [["a"]])
