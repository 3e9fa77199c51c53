import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diag.archive import dump, load, save
from diag.directory import Directory, SignIns
from diag.evidence import (
    Auth,
    Breach,
    BrowserShowed,
    CodeExpired,
    Declined,
    Dialogue,
    Evidence,
    NotAsked,
    Opaque,
    Page,
    Reason,
    Refusal,
    Reply,
    Silence,
    Unreadable,
    Violation,
)
from diag.sentence import Sentence, say
from diag.stage import Stage
from diag.subject import InvalidInputError
from tests.evidence_cases import administered
from tests.reports import cases

REFUSED = cases.refused_by_entra()[1].sign_in.acquisition
WHY = NotAsked(because=say("no address of {host} could be reached", host=say("greeting")))
SILENT = Silence(who="x", reason=Reason.DEADLINE, detail="\x1b\u202e\U0001f4a9")


def _anything(text: st.SearchStrategy[str]) -> st.SearchStrategy[Evidence]:
    base = cases.evidence(Reply(code=235, lines=("2.7.0 ok",)))
    assert isinstance(base.dialogue, Dialogue)
    assert isinstance(REFUSED, Refusal)
    replies = st.builds(Reply, code=st.integers(200, 599), lines=st.lists(text, max_size=3).map(tuple))
    dialogues = st.builds(
        lambda answer, shown: replace(
            cases.dialogue(answer),
            violations=(Violation(stage=Stage.EHLO, breach=Breach.BAD_LINE, shown=shown),),
            challenge=shown,
        ),
        st.one_of(replies, st.just(SILENT)),
        text,
    )
    shown = st.builds(BrowserShowed, page=st.sampled_from(Page), words=text)
    acquisitions = st.one_of(
        st.just(base.sign_in.acquisition),
        st.builds(lambda words: replace(REFUSED, description=words), text),
        st.builds(CodeExpired, polls=st.integers(0), lifetime_s=st.integers(0), browser=st.none() | shown),
        st.builds(Declined, polls=st.integers(0)),
        st.just(SILENT),
        st.just(WHY),
    )
    tokens = st.one_of(
        st.just(cases.CLAIMS),
        st.builds(Opaque, length=st.integers(0)),
        st.builds(Unreadable, length=st.integers(0), problem=st.just(WHY.because)),
        st.just(WHY),
    )
    discoveries = st.sampled_from([base.sign_in.discovery, REFUSED, SILENT, WHY])
    sign_ins = st.builds(
        lambda auth, discovery, acquisition, token: replace(
            base.sign_in, auth=auth, discovery=discovery, acquisition=acquisition, token=token
        ),
        st.none() | st.sampled_from(Auth),
        discoveries,
        acquisitions,
        tokens,
    )
    return st.builds(
        lambda dialogue, sign_in, spent: replace(base, dialogue=dialogue, sign_in=sign_in, duration_ms=spent),
        st.one_of(dialogues, st.just(WHY)),
        sign_ins,
        st.floats(0, 1e9),
    )


@given(evidence=_anything(st.text(st.characters(exclude_categories=["Cs"]), max_size=40)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_evidence_reads_back_as_the_same_types(evidence: Evidence, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    save(evidence, file)
    assert load(file) == evidence


def test_evidence_says_which_form_it_has() -> None:
    content = json.loads(dump(cases.unverified()))
    assert content["schema"] == "diag.evidence/1"
    assert content["evidence"]["dialogue"]["kind"] == "dialogue"


@pytest.mark.parametrize("text", ["{host:>999999999}", "{host.__class__}", "{host!r}", "{unknown}", "{", "{0}"])
@pytest.mark.parametrize("nested", [False, True])
def test_a_sentence_that_does_more_than_name_its_values_is_refused(text: str, nested: bool, tmp_path: Path) -> None:
    hostile = Sentence(text, (("host", "x"),))
    because = say("{inner}", inner=hostile) if nested else hostile
    file = tmp_path / "evidence.json"
    save(replace(cases.unverified(), dialogue=NotAsked(because=because)), file)
    with pytest.raises(InvalidInputError, match="damaged"):
        load(file)


@pytest.mark.parametrize("mark", [*"<>[]`|\\*_#!", "\x1b", "\n", "\u202e"])
@pytest.mark.parametrize("nested", [False, True])
def test_a_sentence_that_holds_markup_or_control_characters_is_refused(mark: str, nested: bool, tmp_path: Path) -> None:
    hostile = Sentence(f"an image {mark}src=x")
    because = say("{inner}", inner=hostile) if nested else hostile
    base = cases.unverified()
    token = Unreadable(length=1, problem=because)
    for part in (
        replace(base, dialogue=NotAsked(because=because)),
        replace(base, sign_in=replace(base.sign_in, token=token)),
    ):
        file = tmp_path / "evidence.json"
        save(part, file)
        with pytest.raises(InvalidInputError, match="damaged"):
            load(file)


@pytest.mark.parametrize(("at", "value"), [("subject", {"mailbox": "x"}), ("duration_ms", "long"), ("dialogue", 1)])
def test_evidence_with_a_wrong_part_is_damaged(at: str, value: object, tmp_path: Path) -> None:
    content = json.loads(dump(cases.unverified()))
    content["evidence"][at] = value
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InvalidInputError, match="damaged"):
        load(file)


@pytest.mark.parametrize("how", ["not a file", "missing"])
def test_what_cannot_be_read_is_said_to_be_so(how: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        load(tmp_path if how == "not a file" else tmp_path / "missing")


def test_evidence_that_was_saved_before_a_device_had_tls_of_its_own_still_loads(tmp_path: Path) -> None:
    found = administered(cases.healthy()[1])
    assert isinstance(found.directory, Directory)
    assert isinstance(found.directory.sign_ins, SignIns)
    saved = json.loads(dump(found))
    del saved["evidence"]["subject"]["device_tls"]
    del saved["evidence"]["directory"]["sign_ins"]["background"]
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(saved), encoding="utf-8")
    assert load(file) == found


def test_a_version_of_tls_that_does_not_exist_is_not_loaded(tmp_path: Path) -> None:
    saved = json.loads(dump(cases.healthy()[1]))
    saved["evidence"]["subject"]["device_tls"] = "9.9"
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(saved), encoding="utf-8")
    with pytest.raises(InvalidInputError, match="is damaged"):
        load(file)
