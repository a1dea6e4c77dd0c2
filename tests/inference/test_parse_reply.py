from __future__ import annotations

import json
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.errors import InvalidReply
from clca.inference.parse_reply import INVALID, parse
from clca.schemas import AdaptAnswer, Answer, IntentAnswer, JudgeAnswer, Reply, TurnAnswer

HELLO = TurnAnswer(action="speak", text="Hello.")


def reply(text: str, finish_reason: str = "stop") -> Reply:
    return Reply(text, finish_reason, 100, 10)


def fault(text: str, finish_reason: str = "stop", answer: type[Answer] = TurnAnswer) -> tuple[str, str]:
    with pytest.raises(InvalidReply) as caught:
        parse(reply(text, finish_reason), answer)
    return caught.value.kind, caught.value.detail


@pytest.mark.parametrize("finish_reason", ["stop", "eos", ""])
def test_a_reply_that_holds_to_the_schema_is_an_answer(finish_reason: str) -> None:
    assert parse(reply('{"action": "speak", "text": "Hello."}', finish_reason), TurnAnswer) == HELLO


@pytest.mark.parametrize(
    "text",
    [
        '\n {"action": "speak", "text": "Hello."}\n',
        '```json\n{"action": "speak", "text": "Hello."}\n```',
        '```\n{"action": "speak",\n"text": "Hello."}\n```\n',
        '{"text": "  Hello. ", "action": "speak"}',
    ],
)
def test_space_and_a_fence_around_the_whole_are_read_through(text: str) -> None:
    assert parse(reply(text), TurnAnswer) == HELLO


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty reply"),
        (" \n\t", "empty reply"),
        ('{"action": "speak", "text": "Hel', "not JSON"),
        ("Hello.", "not JSON"),
        ('Sure! {"action": "speak", "text": "Hello."}', "not JSON"),
        ('{"action": "speak", "text": "Hello."} Anything else?', "not JSON"),
        ("{'action': 'speak', 'text': 'Hello.'}", "not JSON"),
        ('```json\n{"action": "speak", "text": "Hello."}\n``` Done.', "not JSON"),
        ("null", "outside the schema"),
        ("[]", "outside the schema"),
        ('{"action": "speak"}', "outside the schema"),
        ('{"action": "shout", "text": "Hello."}', "outside the schema"),
        ('{"action": "speak", "text": 3}', "outside the schema"),
        ('{"action": "speak", "text": "Hello.", "mood": "kind"}', "outside the schema"),
        ('{"action": "speak", "text": "%s"}' % ("x" * 1201), "outside the schema"),
    ],
)
def test_a_reply_is_never_mended(text: str, kind: str) -> None:
    assert fault(text)[0] == kind
    assert kind in INVALID


def test_a_reply_that_was_cut_off_is_no_answer_even_when_it_parses() -> None:
    whole = '{"action": "speak", "text": "Hello."}'
    assert fault(whole, "length") == ("cut off", f"the reply ran into the token limit: {whole!r}")
    assert fault(whole, "content_filter") == ("content filter", "finish_reason is 'content_filter'")
    assert "cut off" in INVALID


def test_the_detail_says_what_is_wrong_and_shows_the_reply() -> None:
    detail = fault('{"action": "shout", "text": "Hello."}')[1]
    assert detail.startswith("action: Input should be 'none', 'speak', 'non-verbal' or 'leave' (given: \"shout\")")
    assert detail.endswith("""'{"action": "shout", "text": "Hello."}'""")


def test_a_long_reply_is_shown_from_its_start_or_where_it_was_cut_off_from_its_end() -> None:
    long = "x" * 100 + "y" * 100
    assert fault(long)[1].endswith(repr("x" * 77 + "..."))
    assert fault(long, "length")[1].endswith(repr("..." + "y" * 77))


@pytest.mark.parametrize(
    ("action", "text", "detail"),
    [
        ("speak", "", "action 'speak' needs a text"),
        ("speak", "  ", "action 'speak' needs a text"),
        ("non-verbal", "", "action 'non-verbal' needs a text"),
        ("none", "Hello.", "action 'none' has no text"),
    ],
)
def test_action_and_text_fit_together(action: str, text: str, detail: str) -> None:
    kind, found = fault(json.dumps({"action": action, "text": text}))
    assert kind == "outside the schema"
    assert found.startswith(detail)


@pytest.mark.parametrize(
    ("action", "text"), [("none", ""), ("leave", ""), ("leave", "Bye."), ("non-verbal", "She nods.")]
)
def test_some_actions_need_no_words(action: str, text: str) -> None:
    answer = parse(reply(json.dumps({"action": action, "text": text})), TurnAnswer)
    assert (answer.action, answer.text) == (action, text)


def test_an_adaptation_has_two_people_and_nothing_that_is_known() -> None:
    person = {"occupation": "baker", "background": "b", "goal": "g", "secret": ""}
    whole = {"setting": "s", "first": person, "second": person}
    assert parse(reply(json.dumps(whole)), AdaptAnswer).second.occupation == "baker"
    for broken in ({"setting": "s", "first": person}, {**whole, "third": person}):
        assert fault(json.dumps(broken), answer=AdaptAnswer)[0] == "outside the schema"
    for known in ({"name": "Ruth"}, {"age": 40}, {"gender": "female"}):
        assert fault(json.dumps({**whole, "first": {**person, **known}}), answer=AdaptAnswer)[0] == "outside the schema"


def test_no_beginning_of_an_answer_is_an_answer() -> None:
    whole = JudgeAnswer(
        subject="s",
        fits_scene="yes",
        repetition="none",
        worst_line=0,
        fault="none",
        quality="q",
        quality_confidence="not sure",
        culture="fits",
        alignment="a",
        alignment_confidence="not sure",
    ).model_dump_json()
    assert parse(reply(whole), JudgeAnswer).fits_scene == "yes"
    for beginning in list(accumulate(whole))[:-1]:
        assert fault(beginning, answer=JudgeAnswer)[0] in ("not JSON", "empty reply")


@given(st.text())
def test_any_other_text_is_a_fault_in_one_line(text: str) -> None:
    kind, detail = fault(text, answer=IntentAnswer)
    assert kind in INVALID
    assert "\n" not in detail


answers = st.builds(
    TurnAnswer,
    action=st.just("speak"),
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).filter(str.strip),
)


@given(answers)
def test_an_answer_written_out_is_read_back(answer: TurnAnswer) -> None:
    assert parse(reply(answer.model_dump_json()), TurnAnswer) == answer
