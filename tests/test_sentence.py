import pytest

from diag.sentence import Sentence, say

FRENCH = {
    "{host} did not answer ({reason}).": "{host} reste sans réponse ({reason}).",
    "no answer in time": "pas de réponse à temps",
}


def french(text: str) -> str:
    return FRENCH.get(text, text)


def test_a_sentence_is_english_with_its_places_filled() -> None:
    assert str(say("port {port}: {ms} ms", port=587, ms=1.5)) == "port 587: 1.5 ms"


def test_a_sentence_and_the_sentences_in_it_speak_one_language() -> None:
    sentence = say("{host} did not answer ({reason}).", host="smtp", reason=say("no answer in time"))
    assert str(sentence) == "smtp did not answer (no answer in time)."
    assert sentence.in_language(french) == "smtp reste sans réponse (pas de réponse à temps)."


def test_values_are_not_translated() -> None:
    assert say("{said}", said="no answer in time").in_language(french) == "no answer in time"


@pytest.mark.parametrize("hostile", ["{0}", "{", "}", "{reply}", "{x.__class__}", "{{}}", "%s", "\\N{BULLET}"])
def test_braces_in_a_value_are_only_text(hostile: str) -> None:
    assert str(say("The server says: {reply}", reply=hostile)) == f"The server says: {hostile}"
    assert str(say("{outer}", outer=say("{reply}", reply=hostile))) == hostile


def test_sentences_with_the_same_words_and_values_are_the_same() -> None:
    assert say("{a}", a=1) == Sentence("{a}", (("a", 1),))
    assert say("{a}", a=1) != say("{a}", a=2)
    assert len({say("{a}", a=1), say("{a}", a=1), say("b")}) == 2


def test_a_place_that_is_not_filled_is_a_bug() -> None:
    with pytest.raises(KeyError):
        str(say("{missing}"))


def test_a_value_may_be_called_text() -> None:
    assert str(say("{text}", text="words")) == "words"
