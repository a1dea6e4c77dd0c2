from __future__ import annotations

import os
import signal
import socket
import time
from typing import Any

import pytest

from clca.errors import FailureKind
from clca.inference.api_model import ApiModel, ServerError, ServerLost
from clca.inference.api_prompts import PROBE, TEXT, Wording
from clca.inference.label_probabilities import label_probabilities
from clca.inference.requests import Answer
from tests.inference.label_requests import Heard, texts
from tests.inference.request_groups import Filled, groups
from tests.inference.stub_model import Answered, Answering, chat, plain

WORDS = {"variables": {"date_string": "26 Jul 2024"}}
SHARES = (0.5, 0.25, 0.125, 0.0625, 0.03125)


def choices_of(body: dict[str, Any]) -> list[str]:
    found: list[str] = body.get("structured_outputs", {}).get("choice", [])
    return found


def obedient(body: dict[str, Any], number: int) -> Answered:
    """Keeps to choices; the likelier an option, the earlier it stands, normalised over those that are allowed."""
    choices = choices_of(body) or ["Good morning"]
    total = sum(SHARES[: len(choices)])
    place = {choice: share / total for choice, share in zip(choices, SHARES, strict=False)}
    return 200, chat(choices[0], place) if body["path"].startswith("chat") else plain(choices[0], place), {}


def asked(server: Answering) -> list[dict[str, Any]]:
    """What came after the probe."""
    return [body for body in server.bodies if "You are a friend." not in str(body)]


def test_choices_give_the_odds_of_the_labels_alone() -> None:
    filled = Filled()
    with Answering(obedient) as server:
        predictor = ApiModel(server.url, base="m", mode="probability", wording=Wording(**WORDS))
        predictor.predict(groups(3, 8), filled)
    assert choices_of(server.bodies[0]) == [PROBE]
    assert len(filled.answers) == 3
    for group in groups(3, 8):
        for question, answer in zip(group.questions, filled.answers["persona", group.respondent], strict=True):
            shares = SHARES[: len(question.shown)]
            assert answer.probabilities == pytest.approx([share / sum(shares) for share in shares])
            assert answer.option_mass is None
    body = asked(server)[0]
    [group] = groups(1, 8)
    assert body["messages"] == [
        {"role": "system", "content": group.system},
        {"role": "user", "content": group.questions[0].text},
    ]
    assert (body["max_tokens"], body["temperature"], body["top_logprobs"]) == (1, 0.0, 20)
    assert body["chat_template_kwargs"] == {"date_string": "26 Jul 2024"}
    assert (predictor.labels, predictor.outside) == (sum(len(one.shown) for one in group.questions) * 3, 0)


def test_a_server_that_ignores_choices_is_asked_for_its_likeliest_tokens() -> None:
    def wilful(body: dict[str, Any], number: int) -> Answered:
        return 200, chat("Good", {"Good": 0.5, "1": 0.2, " 2": 0.1, "Well": 0.1}), {}

    filled = Filled()
    with Answering(wilful) as server:
        predictor = ApiModel(server.url, base="m", mode="probability")
        predictor.predict(groups(1, 1), filled)
    assert all("structured_outputs" not in body for body in asked(server))
    [answer] = filled.answers["persona", "r0"]
    # Four options: the last two share what is left, 0.1, and are no likelier than the last token, 0.1.
    assert answer.option_mass == pytest.approx(0.4)
    assert answer.probabilities == pytest.approx([0.5, 0.25, 0.125, 0.125])
    assert (predictor.labels, predictor.outside) == (4, 2)


def test_a_probe_that_shows_nothing_once_decides_nothing() -> None:
    def garbles(body: dict[str, Any], number: int) -> Answered:
        return (200, chat("Goo"), {}) if number == 0 else obedient(body, number)

    with Answering(garbles) as server:
        ApiModel(server.url, base="m", mode="probability").predict(groups(1, 2), Filled())
    assert all("structured_outputs" in body for body in server.bodies)


def test_the_first_token_of_a_model_that_thinks_is_no_answer() -> None:
    def thinks(body: dict[str, Any], number: int) -> Answered:
        return 200, chat("<think>", {"<think>": 0.9, "1": 0.1}), {}

    with Answering(thinks) as server, pytest.raises(ServerError) as caught:
        ApiModel(server.url, base="m", mode="probability").predict(groups(1, 2), Filled())
    assert caught.value.message == (
        f"{server.url}: m thinks before it answers, so that its first token says nothing of the labels: use --mode"
        " generate"
    )
    assert len(server.bodies) == 1


def test_a_reply_that_is_cut_at_the_limit_of_the_evaluation_is_read() -> None:
    """It is where a reply of a model here would be cut, too; one that is cut before is no answer."""

    def rambles(body: dict[str, Any], number: int) -> Answered:
        tokens = 16 if "most" in str(body["messages"]) else 5
        completion = {**chat("2, because"), "usage": {"completion_tokens": tokens}}
        completion["choices"][0]["finish_reason"] = "length"
        return 200, completion, {}

    filled = Filled()
    with Answering(rambles) as server:
        predictor = ApiModel(server.url, base="m", mode="generate")
        predictor.predict(groups(1, 8), filled)
    answers = filled.answers["persona", "r0"]
    whole = ["most" in question.text for question in groups(1, 8)[0].questions]
    assert 0 < sum(whole) < 8
    assert [answer.reply for answer in answers] == ["2, because" if is_whole else None for is_whole in whole]
    assert {answer.failure for answer in answers} == {None, FailureKind.TRUNCATED}
    assert predictor.notes == (
        f"Requests repeated since the reply was no answer: {3 * (8 - sum(whole))} (cut off {3 * (8 - sum(whole))}).",
    )


def test_a_server_that_refuses_what_it_does_not_know_is_asked_without_it() -> None:
    def strict(body: dict[str, Any], number: int) -> Answered:
        unknown = {"structured_outputs", "chat_template_kwargs"} & set(body)
        if unknown:
            return 400, {"error": {"message": f"Unrecognized request argument: {sorted(unknown)[0]}"}}, {}
        return 200, chat("1", {"1": 0.5, "2": 0.5}), {}

    filled = Filled()
    with Answering(strict) as server:
        ApiModel(server.url, base="m", mode="probability", wording=Wording(**WORDS)).predict(groups(1, 2), filled)
    assert len(filled.answers) == 1
    assert len(server.bodies) == 3 + 2


def test_replies_are_taken_as_they_are_written() -> None:
    def writes(body: dict[str, Any], number: int) -> Answered:
        return 200, chat(f" {body['model']}: 2.\nYes"), {}

    filled = Filled()
    with Answering(writes) as server:
        predictor = ApiModel(server.url, base="plain", mode="generate")
        predictor.predict([*groups(1, 2), *groups(1, 2, method="clca", adapter="tuned")], filled)
    assert filled.answers["persona", "r0"] == (Answer(reply=" plain: 2.\nYes"),) * 2
    assert filled.answers["clca", "r0"] == (Answer(reply=" tuned: 2.\nYes"),) * 2
    assert {body["max_tokens"] for body in asked(server)} == {16}


def test_a_reply_may_have_as_many_tokens_as_asked_for() -> None:
    with Answering(obedient) as server:
        ApiModel(server.url, base="m", mode="generate", max_new_tokens=25).predict(groups(1, 2), Filled())
    assert {body["max_tokens"] for body in asked(server)} == {25}


def test_groups_of_several_adapters_go_to_their_models_with_requests_bounded() -> None:
    def names(body: dict[str, Any], number: int) -> Answered:
        return 200, chat(f"{body['model']} says: {body['messages'][-1]['content'][-20:]}"), {}

    heard, given = Heard(), texts(("ara", "", "deu", "jpn"), 64, 20)
    with Answering(names, seconds=0.002) as server:
        ApiModel(server.url, base="plain", mode="generate", concurrency=16).predict(given, heard)
    for adapter, text, answer in heard.of(given):
        assert answer.reply == f"{adapter or 'plain'} says: {text[-20:]}"
    assert len(heard.answers) == sum(len(group.questions) for group in given)
    assert 8 < server.most_in_flight <= 16


def test_plain_text_goes_to_completions_and_is_answered_after_a_space() -> None:
    filled = Filled()
    with Answering(obedient) as server:
        ApiModel(server.url, base="m", mode="probability", wording=TEXT).predict(groups(1, 2, text=True), filled)
    body, [group] = asked(server)[0], groups(1, 2, text=True)
    assert body["path"] == "completions"
    assert body["prompt"] == f"{group.system}\n\n{group.questions[0].text}"
    assert choices_of(body) == [" 1", " 2", " 3", " 4"]
    assert filled.answers["persona", "r0"][0].probabilities == pytest.approx([share / 0.9375 for share in SHARES[:4]])


def test_plain_text_goes_as_tokens_where_the_tokenizer_is_at_hand() -> None:
    with Answering(obedient) as server:
        wording = Wording("text", " ", encode=lambda text: [1, *text.encode()])
        ApiModel(server.url, base="m", mode="generate", wording=wording).predict(groups(1, 1, text=True), Filled())
    [group] = groups(1, 1, text=True)
    assert server.bodies[-1]["prompt"] == [1, *f"{group.system}\n\n{group.questions[0].text}".encode()]


def test_a_system_text_is_folded_for_templates_without_a_place_for_it() -> None:
    with Answering(obedient) as server:
        wording = Wording(folds_system=True)
        ApiModel(server.url, base="m", mode="generate", wording=wording).predict(groups(1, 1), Filled())
    [group] = groups(1, 1)
    assert asked(server)[0]["messages"] == [{"role": "user", "content": f"{group.system}\n\n{group.questions[0].text}"}]


def test_labels_may_stand_one_token_later_than_their_lead() -> None:
    places = [[(" ", -0.01), ("\n", -5.0)], [("2", -0.2), ("1", -1.8)]]
    answer, outside = label_probabilities(places, ("1", "2"), " ")
    assert outside == 0
    assert answer.probabilities == pytest.approx((0.1680, 0.8320), abs=1e-4)


def test_labels_that_no_token_tells_of_are_equally_likely() -> None:
    answer, outside = label_probabilities([[("Good", -0.1), ("Well", -3.0)]], ("1", "2", "3", "4"), "")
    assert answer.probabilities == (0.25,) * 4
    assert answer.option_mass == pytest.approx(1 - 0.904837 - 0.049787, abs=1e-5)
    assert outside == 4


# ------------------------------------------------------------ order and load


def test_the_first_question_of_a_group_goes_before_the_others() -> None:
    with Answering(obedient, seconds=0.01) as server:
        ApiModel(server.url, base="m", mode="generate").predict(groups(6, 5), Filled())
    for group in groups(6, 5):
        mine = [body["messages"][1]["content"] for body in asked(server) if group.system in str(body)]
        assert mine[0] == group.questions[0].text
        assert sorted(mine) == sorted(question.text for question in group.questions)


def test_no_more_requests_are_in_flight_than_allowed() -> None:
    with Answering(obedient, seconds=0.01) as server:
        ApiModel(server.url, base="m", mode="generate", concurrency=8).predict(groups(12, 6), Filled())
    assert server.most_in_flight == 8


# ------------------------------------------------------------ faults


def test_what_passes_is_tried_again() -> None:
    def shaky(body: dict[str, Any], number: int) -> Answered:
        if number in (1, 4):
            return 503, {"error": {"message": "overloaded"}}, {"Retry-After": "0"}
        return obedient(body, number)

    filled = Filled()
    with Answering(shaky) as server:
        ApiModel(server.url, base="m", mode="generate").predict(groups(1, 4), filled)
    assert len(filled.answers["persona", "r0"]) == 4
    assert len(server.bodies) == 1 + 4 + 2


FAULTS = [
    (401, "Incorrect API key provided: sekrit-key", "refuses the key (401): set CLCA_API_KEY to one that is valid"),
    (404, "The model `m` does not exist.", "does not answer for 'm' (404): The model `m` does not exist.; is the name"),
    (400, "This model's maximum context length is 9", "refuses a request to m (400): This model's maximum context"),
    (302, "moved to sekrit-key", "refuses a request to m (302): moved to [key]"),
]


@pytest.mark.parametrize(("status", "said", "expected"), FAULTS)
@pytest.mark.parametrize("after", [0, 3], ids=["at the start", "later"])
def test_a_refusal_is_told_in_one_line_without_the_key(status: int, said: str, expected: str, after: int) -> None:
    def refuses(body: dict[str, Any], number: int) -> Answered:
        return (status, {"error": {"message": said}}, {}) if number >= after else obedient(body, number)

    with Answering(refuses) as server, pytest.raises(ServerError) as caught:
        ApiModel(server.url, base="m", mode="probability", key="sekrit-key").predict(groups(2, 5), Filled())
    assert caught.value.message.startswith(f"{server.url} {expected}")
    assert "\n" not in caught.value.message
    assert "sekrit" not in caught.value.message
    assert server.keys == {"Bearer sekrit-key"}


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(ServerError) as caught:
        ApiModel(f"http://127.0.0.1:{port}/v1", base="m", mode="generate").predict(groups(1, 1), Filled())
    assert caught.value.message == (
        f"cannot connect to http://127.0.0.1:{port}/v1: Connect call failed ('127.0.0.1', {port}):"
        " is the server up, and the URL right?"
    )


def test_a_server_that_is_lost_leaves_whole_groups_only() -> None:
    def breaks(body: dict[str, Any], number: int) -> Answered:
        return (500, {"error": "out of order"}, {}) if number > 7 else obedient(body, number)

    filled = Filled()
    with Answering(breaks) as server, pytest.raises(ServerLost) as caught:
        ApiModel(server.url, base="m", mode="generate", concurrency=1, max_attempts=1).predict(groups(9, 3), filled)
    assert caught.value.message == (
        f"the server of m no longer answers ({server.url} answers 500: out of order): check it, and repeat the"
        " command to resume"
    )
    assert caught.value.exit_code == 1
    assert 1 <= len(filled.answers) <= 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"choices": []}, "(a completion without choices): is the URL right? It usually ends in /v1"),
        ({"hello": 1}, "(not a completion: choices: missing key): is the URL right? It usually ends in /v1"),
    ],
)
def test_something_else_than_a_completion_is_told_in_one_line(data: Any, expected: str) -> None:
    with Answering(lambda body, number: (200, data, {})) as server, pytest.raises(ServerError) as caught:
        ApiModel(server.url, base="m", mode="generate").predict(groups(1, 1), Filled())
    assert caught.value.message == f"{server.url} does not answer like an OpenAI-compatible server {expected}"


def test_a_server_that_tells_no_probabilities_is_refused_for_them() -> None:
    with Answering(lambda body, number: (200, chat("1"), {})) as server, pytest.raises(ServerError) as caught:
        ApiModel(server.url, base="m", mode="probability").predict(groups(1, 1), Filled())
    assert caught.value.message == (
        f"{server.url}: the response has no log-probabilities of tokens: use --mode generate"
    )


def test_ctrl_c_ends_it_at_once() -> None:
    def interrupts(body: dict[str, Any], number: int) -> Answered:
        if number == 1:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        return obedient(body, number)

    filled = Filled()
    with Answering(interrupts) as server, pytest.raises(KeyboardInterrupt):
        ApiModel(server.url, base="m", mode="generate", concurrency=1).predict(groups(30, 3), filled)
    assert filled.answers == {}
    assert len(server.bodies) <= 3
