"""Attacks by a server: bounds hold, and what it sends comes to an answer or to a typed error in one line."""

from __future__ import annotations

import asyncio
import gzip
import json
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from clca.bounded_json import MOST_VALUES
from clca.errors import InvalidReply, TeacherError
from clca.generation.turn_text import read_turn
from clca.inference import http_client, probe_request
from clca.inference.api_response import Completion, read_completion
from clca.inference.finish_reasons import require_answer
from clca.inference.http_client import MAX_BODY, HttpClient
from clca.inference.http_errors import MAX_MESSAGE, HttpError, retry_seconds
from clca.inference.label_probabilities import label_probabilities
from clca.inference.parse_reply import parse
from clca.inference.server_probe import probe_server
from clca.inference.vllm.metrics import MetricsReader, read_metrics
from clca.records import Participant
from clca.schemas import Answer, Reply
from tests.cli_process import clca

Sends = Callable[[socketserver.StreamRequestHandler], None]


def whole(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    return "\r\n".join((*head, "", "")).encode() + body


def chat(content: str = "hello", **more: object) -> bytes:
    """A completion, with these values in the place of its own: JSON texts, so that no writer has to make them."""
    fields = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    texts = {key: json.dumps(value) for key, value in fields.items()} | {key: str(text) for key, text in more.items()}
    usage = texts.pop("usage", '{"prompt_tokens": 1, "completion_tokens": 1}')
    choice = ", ".join(f'"{key}": {text}' for key, text in texts.items())
    return f'{{"choices": [{{{choice}}}], "usage": {usage}}}'.encode()


def endless(start: bytes, part: bytes) -> Sends:
    def send(handler: socketserver.StreamRequestHandler) -> None:
        handler.wfile.write(start)
        while True:  # until the client has had enough
            handler.wfile.write(part)

    return send


def sent(data: bytes) -> Sends:
    return lambda handler: handler.wfile.write(data) and None


def bomb(compressed: bytes, encoding: str, status: str = "200 OK") -> Sends:
    return sent(whole(compressed, f"Content-Encoding: {encoding}", status=status))


ZEROS = b"\0" * 2**20
DEFLATED = (lambda pack: b"".join(pack.compress(ZEROS) for _ in range(512)) + pack.flush())(zlib.compressobj())
GZIPPED = (lambda pack: b"".join(pack.compress(ZEROS) for _ in range(512)) + pack.flush())(zlib.compressobj(wbits=31))
DEEP = b"[" * 100_000 + b"]" * 100_000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

ATTACKS = {
    "half a gigabyte, gzip": bomb(GZIPPED, "gzip"),
    "half a gigabyte, deflate": bomb(DEFLATED, "deflate"),
    "half a gigabyte, gzip, as an error": bomb(GZIPPED, "gzip", "500 Oh"),
    "gzip in gzip": bomb(gzip.compress(GZIPPED), "gzip, gzip"),
    "an encoding that was not asked for": bomb(b"\0", "br"),
    "no gzip, though it says so": bomb(b"plain", "gzip"),
    "gzip with something after it": bomb(gzip.compress(chat()) + ZEROS, "gzip"),
    "half of a gzip": bomb(gzip.compress(chat() * 99)[:40], "gzip"),
    "a body without end": endless(b"HTTP/1.1 200 OK\r\n\r\n", ZEROS),
    "an error without end": endless(b"HTTP/1.1 400 No\r\n\r\n", b"no " * 9999),
    "chunks without end": endless(CHUNKED, b"100000\r\n" + ZEROS + b"\r\n"),
    "a chunk of a wrong size": sent(CHUNKED + b"zz\r\nabc\r\n"),
    "a chunk of an absurd size": sent(CHUNKED + b"f" * 64 + b"\r\nabc\r\n"),
    "less than it says": sent(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{}"),
    "two lengths": sent(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "a negative length": sent(b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}"),
    "a header of a megabyte": sent(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2**20 + b"\r\n\r\n{}"),
    "headers without end": endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 9999),
    "continues without end": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999),
    "no HTTP": sent(b"\x16\x03\x01\0\0" * 99),
    "nothing": sent(b""),
    "an empty body": sent(whole(b"")),
    "a status that is none": sent(whole(b"{}", status="999 Hm")),
    "arrays 100,000 deep": sent(whole(DEEP)),
    "arrays 100,000 deep as an error": sent(whole(DEEP, status="400 No")),
    "an error 100,000 deep in an answer": sent(whole(b'{"error": ' + DEEP + b"}")),
    "objects 100,000 deep, unclosed": sent(whole(b'{"error":' * 100_000, status="500 Oh")),
    "deep under a choice": sent(whole(chat(logprobs=DEEP.decode()))),
    "a number of 100,000 digits": sent(whole(chat(usage='{"prompt_tokens": ' + "9" * 100_000 + "}"))),
    "a number of 4,000 digits": sent(whole(chat(usage='{"prompt_tokens": ' + "9" * 4_000 + "}"))),
    "a number that is infinite": sent(whole(chat(usage='{"prompt_tokens": 1e999, "completion_tokens": NaN}'))),
    "half a character": sent(whole(chat(message='{"content": "\\ud800"}'))),
    "half a character in an error": sent(whole(b'{"error": {"message": "\\ud800 \\udfff"}}', status="400 No")),
    "half a character in an error of an answer": sent(whole(b'{"error": {"message": "\\ud800"}}')),
    "no UTF-8": sent(whole(b'{"choices": [{"message": {"content": "\xff\xfe"}}]}')),
    "terminal codes in an error": sent(
        whole(b'{"error": {"message": "\\u001b]0;owned\\u0007\\u202e"}}', status="400 N")
    ),
    "a reason of a megabyte": sent(whole(chat(finish_reason='"' + "x" * 2**20 + '"'))),
    "a million choices": sent(whole(b'{"choices": [' + b"{}," * 10**6 + b"{}]}")),
    "events": sent(whole(b"data: {}\n\n" * 1000)),
    "a redirect": sent(whole(b"", "Location: http://127.0.0.1:1/v1", status="307 There")),
    "a login": sent(whole(b"", "WWW-Authenticate: Basic", status="401 Who")),
}


@contextmanager
def server(send: Sends) -> Iterator[str]:
    class Handler(socketserver.StreamRequestHandler):
        timeout = 60

        def handle(self) -> None:
            try:
                while (line := self.rfile.readline(9999)) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                        rest = b""
                        while not rest.endswith(b"\r\n\r\n"):
                            rest += self.rfile.read(1)
                            if rest == b"\r\n":
                                break
                        self.rfile.read(length)
                        break
                send(self)
            except OSError:
                pass

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/v1"
        listening.shutdown()


async def ask(url: str, seconds: float) -> list[object]:
    """What comes of a completion, and of a list of models."""
    outcomes: list[object] = []
    async with HttpClient(key="k-secret-1", concurrency=1, timeout=seconds) as http:
        for question in (http.complete(url, "/chat/completions", b"{}"), probe_server(http, url, ["m"])):
            try:
                outcomes.append(await question)
            except (HttpError, InvalidReply, TeacherError) as error:
                outcomes.append(error)
    return outcomes


@pytest.mark.parametrize("send", ATTACKS.values(), ids=ATTACKS)
def test_any_response_comes_to_an_answer_or_a_typed_error(send: Sends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_request, "backoff", lambda *_: 0.0)
    with server(send) as url:
        asked, probed = asyncio.run(ask(url, 0.5))
    if isinstance(asked, Completion):
        json.dumps(asked.reply.text).encode()
        assert len(asked.finish_reason) < 200
        assert 0 <= asked.reply.prompt_tokens < 2**31
    for outcome in (asked, probed):
        if isinstance(outcome, Exception):
            words = str(outcome)
            assert len(words.encode()) < 3 * MAX_MESSAGE + 500
            assert words.isprintable()
            assert "k-secret-1" not in words


def test_no_more_is_read_than_the_bound() -> None:
    async def read(url: str) -> None:
        async with HttpClient(key="", concurrency=1, timeout=300.0) as http:
            await http.get(url, "/models")

    for name in ("half a gigabyte, gzip", "half a gigabyte, deflate", "a body without end", "chunks without end"):
        with server(ATTACKS[name]) as url, pytest.raises(HttpError, match=f"more than {MAX_BODY:,} bytes"):
            asyncio.run(read(url))


MANY_VALUES = {
    "choices": b'{"choices": [' + b"{}," * 10**6 + b"{}]}",
    "choices that are none": b'{"choices": [' + b"1," * 10**6 + b"{}]}",
    "log-probabilities": chat(logprobs='{"content": [' + "{}," * 10**6 + "{}]}"),
    "parts of a message": chat(message='{"content": [' + "{}," * 10**6 + "{}]}"),
    "models": b'{"data": [' + b"{}," * 10**6 + b"{}]}",
    "lists in an error": b'{"error": [' + b"[]," * 10**6 + b"[]]}",
    "lists that are never closed": b'{"error": ' + b"[" * 10**6,
    "keys": b"{" + b'"a":1,' * 10**6 + b'"a":1}',
    "numbers after a text that is never closed": b"[" + b"1," * 10**6 + b'"',
}


@pytest.mark.parametrize("body", MANY_VALUES.values(), ids=MANY_VALUES)
@pytest.mark.parametrize("status", ["200 OK", "400 No"])
def test_a_million_values_are_not_read(body: bytes, status: str) -> None:
    async def read(url: str) -> None:
        async with HttpClient(key="", concurrency=1, timeout=60.0) as http:
            await http.complete(url, "/chat/completions", b"{}")

    with server(sent(whole(body, status=status))) as url, pytest.raises(HttpError, match=f"more than {MOST_VALUES:,} "):
        asyncio.run(read(url))


def test_a_text_of_many_commas_is_one_value() -> None:
    words = "," * 150_000 + "[{" * 30_000
    with server(sent(whole(chat(words)))) as url:
        asked, _ = asyncio.run(ask(url, 5.0))
    assert isinstance(asked, Completion)
    assert asked.text == words


@pytest.mark.parametrize("field", ["content", "refusal", "text"])
def test_a_reply_of_a_megabyte_is_none(field: str) -> None:
    long = json.dumps("x" * 10**6)
    body = chat(text=long, message="null") if field == "text" else chat(message=f'{{"{field}": {long}}}')
    with pytest.raises(InvalidReply, match="more than 262,144 characters"):
        read_completion(body)


def listened(rounds: int) -> tuple[list[bytes], bool]:
    """The heads of requests to a server that sets cookies, and whether the client then closed its idle connection."""
    heads, closed = [], asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.read(99_999):
            heads.append(head)
            writer.write(whole(b"{}", f"Set-Cookie: c{len(heads)}=v; Path=/"))
        closed.set()
        writer.close()

    async def talk() -> bool:
        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://localhost:{listening.sockets[0].getsockname()[1]}"
        async with HttpClient(key="", concurrency=1, timeout=5.0) as http:
            for _ in range(rounds):
                await http.get(url, "/models")
            with suppress(TimeoutError):
                await asyncio.wait_for(closed.wait(), 3.0)
            still_open = not closed.is_set()
        listening.close()
        return not still_open

    return heads, asyncio.run(talk())


def test_no_cookie_is_kept_and_no_idle_connection_held_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "KEEP_ALIVE", 0.2)
    heads, closed = listened(3)
    assert len(heads) == 3
    assert not any(b"cookie" in head.lower() for head in heads)
    assert closed


def test_metrics_without_end_are_passed_over() -> None:
    with server(ATTACKS["half a gigabyte, gzip"]) as url:
        reader = MetricsReader(url)
        asyncio.run(reader.read())
    assert reader.throughput is None


def test_a_server_that_drips_is_given_up() -> None:
    with server(endless_slowly) as url:
        asked, _ = asyncio.run(ask(url, 0.5))
    assert "no answer within 0.5 s" in str(asked)


def endless_slowly(handler: socketserver.StreamRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    pause = threading.Event()
    while not pause.wait(0.05):
        handler.wfile.write(b" ")


MODELS = {
    "a name with half a character": rb'{"data": [{"id": "m\ud800"}]}',
    "a name with terminal codes": rb'{"data": [{"id": "\u001b[2J"}]}',
    "a hundred thousand names": json.dumps({"data": [{"id": f"m{n}"} for n in range(100_000)]}).encode(),
    "a name of a megabyte": json.dumps({"data": [{"id": "m" * 2**20}]}).encode(),
    "names that are numbers": b'{"data": [{"id": 1e999}, {"id": null}, {"id": [[]]}]}',
    "no list": b'{"data": {"id": "m"}}',
    "models that are texts": b'{"data": ["m"]}',
    "a list 50,000 deep": b'{"data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a text": b"never mind",
}


@pytest.mark.parametrize("body", MODELS.values(), ids=MODELS)
def test_no_list_of_models_ends_a_command_in_a_traceback(tmp_path: Path, body: bytes) -> None:
    with server(sent(whole(body, "Connection: close"))) as url:
        run = ("--scenarios", "1", "--samples", "1", "--concurrency", "1", "--timeout", "5")
        done = clca(tmp_path, "generate", "--culture", "uk", "--teacher", "no-such", "--base-url", url, *run)
    assert done.returncode in (2, 3)  # refused; or without a usable name any will do, and no reply is an answer
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("clca: ")]) == (done.returncode == 2)
    assert len(done.stderr) < 6000
    assert "\x1b" not in done.stderr


def test_where_a_model_is_from_is_text_that_can_be_written() -> None:
    models = rb'{"data": [{"id": "m", "root": "\ud800"}], "choices": [{"message": {"content": "hello"}}]}'
    with server(sent(whole(models, "Connection: close"))) as url:
        _, probed = asyncio.run(ask(url, 5.0))
    assert getattr(probed, "root", "unknown") is None


def test_where_a_model_is_from_is_short_and_holds_no_key() -> None:
    models = json.dumps({"data": [{"id": "m", "root": "k-secret-1/" + "r" * 10**6}]})[:-1].encode()
    models += b', "choices": [{"message": {"content": "hello"}}]}'
    with server(sent(whole(models, "Connection: close"))) as url:
        _, probed = asyncio.run(ask(url, 5.0))
    root = getattr(probed, "root", "")
    assert root.startswith("[key]/rrr")
    assert len(root) <= MAX_MESSAGE


# ---------------------------------------------------------------- numbers and words


@pytest.mark.parametrize("logprob", ["NaN", "1e999", "710", "1e308", "-1e999"])
def test_logarithms_that_are_none_make_no_probability(logprob: str) -> None:
    top = f'[{{"token": "A", "logprob": {logprob}}}, {{"token": "B", "logprob": -0.5}}]'
    body = chat(logprobs=f'{{"content": [{{"top_logprobs": {top}}}]}}')
    positions = read_completion(body).top_logprobs
    assert positions is not None
    answer, _ = label_probabilities(positions, ("A", "B"), "")
    assert answer.probabilities is not None
    assert all(0 <= share <= 1 for share in answer.probabilities)
    assert sum(answer.probabilities) == pytest.approx(1)


@pytest.mark.parametrize(
    "header",
    ["nan", "inf", "-1", "1e999", "Fri, 31 Dec 9999 23:59:59 -9999", "Mon, 01 Jan 0001 00:00:00 +2359", "x" * 9999],
)
def test_any_wait_is_a_number_of_seconds_or_none(header: str) -> None:
    seconds = retry_seconds(header)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    "text",
    [
        'vllm:num_requests_running{a="b"} 1e308\n' * 9,
        "vllm:num_requests_running NaN\n",
        "vllm:num_requests_running{" + 'a="' * 9999 + "\n",
        "vllm:num_requests_running " + "9" * 9999 + "\n",
        'vllm:num_requests_running{a="\\' + "\n",
        'vllm:prompt_tokens_total{le="' + "\\" * 9999 + '"} 1 1 1 1\n',
        "vllm:generation_tokens_total 1\n" * 100_000,
        "# TYPE vllm:num_requests_running \x00\n",
    ],
    ids=["too large", "no number", "unclosed", "long", "escaped", "many escapes", "many lines", "a zero"],
)
def test_any_metrics_are_figures_or_none(text: str) -> None:
    try:
        figures = read_metrics(text)
    except ValueError:
        return
    assert all(0 <= value < 2.0**60 for value in figures.values())


def test_a_line_of_metrics_that_is_long_is_passed_over() -> None:
    labels = ",".join(f'a{number}="b"' for number in range(200_000))
    short = 'vllm:num_requests_running{engine="0"} 2\n'
    assert read_metrics(f"vllm:num_requests_running{{{labels}}} 1\n{short}") == {"vllm:num_requests_running": 2.0}


class Word(Answer):
    word: str


@pytest.mark.parametrize(
    "text",
    [
        "```" + "\n" * 200_000 + "x",
        "```json" + " \n" * 200_000 + "x```",
        "```\n" * 200_000 + "x",
        "<think>" * 200_000,
        "</think>" * 200_000,
        "[" * 200_000,
        '{"word":' * 100_000,
    ],
    ids=["a fence and lines", "a fence and spaces", "fences", "thoughts", "ends of thoughts", "arrays", "objects"],
)
def test_no_reply_takes_long_to_refuse(text: str) -> None:
    with pytest.raises(InvalidReply) as caught:
        parse(Reply(text, "stop", 1, 1), Word)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", ["x" + " " * 200_000 + "y", "x" + "*" * 200_000 + "y", "(" * 200_000, "a (b" * 50_000])
def test_no_turn_in_plain_text_takes_long_to_refuse(text: str) -> None:
    me = Participant(name="Kenji Tanaka", age=30, gender="male", occupation="a", background="b.", goal="c", secret="")
    with pytest.raises(ValueError, match="at most 600 characters"):
        read_turn(text, me)


@pytest.mark.parametrize("word", ["{key}", "no quota for {key}", "x" * 70 + "{key}"])
def test_a_reason_for_the_end_of_a_reply_does_not_show_the_key(word: str) -> None:
    key = "k-secret-1" * 9
    completion = read_completion(chat(finish_reason=json.dumps(word.format(key=key))), key)
    assert "k-secret" not in completion.finish_reason
    with pytest.raises(InvalidReply) as caught:
        require_answer(completion.reply)
    assert "k-secret" not in str(caught.value)


def test_a_reply_that_holds_the_key_is_not_recorded() -> None:
    """A server that shows the headers of its requests would have it published with the dialogues."""

    async def read(url: str) -> Completion:
        async with HttpClient(key="k-secret-1" * 2, concurrency=1, timeout=60.0) as http:
            return await http.complete(url, "/chat/completions", b"{}")

    with (
        server(sent(whole(chat("Authorization: Bearer " + "k-secret-1" * 2)))) as url,
        pytest.raises(InvalidReply, match="a reply that holds the key"),
    ):
        asyncio.run(read(url))
