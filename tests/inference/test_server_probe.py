"""What is found out of a server before a run, and that everything that is wrong with it is one line."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from clca.errors import TeacherError
from clca.inference.chat_client import ChatClient
from clca.inference.http_client import HttpClient
from clca.inference.probe_request import Unreachable
from clca.inference.server_probe import ProbedServer, probe_server
from tests.cli_process import Stub, clca, last_json, only_run, records

NAMES = ("llama-3.1-70b", "meta-llama/Llama-3.1-70B-Instruct")
HUB = NAMES[1]
FITS = {"choices": [{"message": {"content": '{"code": "k7"}'}, "finish_reason": "stop"}]}


def listed(*names: str, **more: object) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model", **more} for name in names]}


class Server:
    """Answers `GET` and `POST` as the test sets them: a status with an object, a text, or seconds of silence."""

    def __init__(self) -> None:
        self.get: tuple[int, Any] = (200, listed("m"))
        self.post: tuple[int, Any] = (200, FITS)
        self.location = ""
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.agents: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(outer.get, {})

            def do_POST(self) -> None:
                self.answer(outer.post, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def answer(self, told: tuple[int, Any], body: dict[str, Any]) -> None:
                outer.asked.append((self.path, self.headers.get("Authorization", ""), body))
                outer.agents.append(self.headers.get("User-Agent", ""))
                status, words = told
                if isinstance(words, float):
                    time.sleep(words)
                    words = ""
                text = words if isinstance(words, str) else json.dumps(words)
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if isinstance(words, str) else "application/json")
                self.send_header("Content-Length", str(len(text.encode())))
                if outer.location:
                    self.send_header("Location", outer.location)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


def inspect(url: str, *names: str, patience: float = 10.0) -> ProbedServer:
    async def probe() -> ProbedServer:
        async with HttpClient(key="key-1234", concurrency=4, timeout=patience) as http:
            return await probe_server(http, url, names or ("m",))

    return asyncio.run(probe())


def fault(url: str, *names: str, patience: float = 10.0) -> str:
    """The one line of what is wrong with a server."""
    with pytest.raises(TeacherError) as caught:
        inspect(url, *names, patience=patience)
    assert "\n" not in caught.value.message
    return caught.value.message


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("served", "name"),
    [(NAMES[:1], NAMES[0]), ((HUB,), HUB), ((HUB, NAMES[0]), NAMES[0]), (("other", HUB), HUB)],
)
def test_a_model_is_asked_for_by_the_name_the_server_knows(server: Server, served: tuple[str, ...], name: str) -> None:
    server.get = (200, listed(*served))
    assert inspect(server.url, *NAMES).model == name
    assert server.asked[-1][2]["model"] == name


def test_a_server_that_lists_no_model_is_taken_at_its_word(server: Server) -> None:
    server.get = (200, listed())
    assert inspect(server.url, *NAMES).model == NAMES[0]


def test_what_a_model_was_loaded_from_is_noted_if_the_server_says_so(server: Server) -> None:
    server.get = (200, listed("m", root="/models/llama"))
    assert inspect(server.url).root == "/models/llama"
    server.get = (200, listed("m", root=7))
    assert inspect(server.url).root is None
    server.get = (200, listed("m"))
    assert inspect(server.url).root is None


def test_a_model_that_is_not_there_is_named_with_those_that_are(server: Server) -> None:
    server.get = (200, listed("lama-3.1-70b", "qwen"))
    line = fault(server.url, *NAMES)
    assert line == (
        f"{server.url} has no model 'llama-3.1-70b'; did you mean lama-3.1-70b?; it serves lama-3.1-70b, qwen"
    )


def test_of_many_models_only_some_are_listed(server: Server) -> None:
    server.get = (200, listed(*(f"model-{number}" for number in range(50))))
    assert fault(server.url, "x").endswith("it serves " + ", ".join(f"model-{n}" for n in range(8)) + ", ...")


def test_a_model_that_is_listed_but_not_served_is_named(server: Server) -> None:
    server.post = (404, {"error": {"message": "The model `m` does not exist."}})
    assert fault(server.url) == f"{server.url} does not answer for 'm': The model `m` does not exist."


# ---------------------------------------------------------------- structured outputs


def test_a_server_that_keeps_to_the_schema() -> None:
    with Stub() as stub:
        assert inspect(stub.url, "stub") == ProbedServer("stub", True, None)
        assert stub.stats()["requests"] == 0, "which counts as no request of a run"


@pytest.mark.parametrize("option", ["--no-schema", "--no-constraint"])
def test_a_server_that_refuses_schemas_or_pays_no_heed_to_them(option: str) -> None:
    with Stub(option) as stub:
        assert inspect(stub.url, "stub") == ProbedServer("stub", False, None)


@pytest.mark.parametrize(
    ("status", "reply"),
    [
        (200, {"choices": [{"message": {"content": "Good morning! I am well."}}]}),
        (200, {"choices": [{"message": {"content": '{"code": "k8"}'}}]}),
        (200, {"choices": [{"message": {"content": '{"code": "k7", "more": 1}'}}]}),
        (200, {"choices": [{"message": {"content": ""}}]}),
        (200, {"choices": [{"message": {"content": '{"code": "k7'}, "finish_reason": "length"}]}),
        (200, {"choices": []}),
        (400, {"error": {"message": "`response_format` is not supported"}}),
        (400, {"error": {"message": "json_schema: unknown type"}}),
        (422, {"detail": "Extra inputs: guided decoding is off"}),
    ],
)
def test_replies_that_tell_of_a_server_without_schemas(server: Server, status: int, reply: object) -> None:
    server.post = (status, reply)
    assert not inspect(server.url).structured


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_too_busy_to_show_it_is_trusted(server: Server, status: int) -> None:
    server.post = (status, {"error": {"message": "busy"}})
    assert inspect(server.url).structured


def test_a_server_whose_queue_is_long_is_trusted(server: Server) -> None:
    server.post = (200, 3.0)
    assert inspect(server.url, patience=0.3).structured


# ---------------------------------------------------------------- what is wrong


def test_a_chat_that_is_refused_for_another_reason(server: Server) -> None:
    server.post = (400, {"error": {"message": "no chat template is defined"}})
    line = fault(server.url)
    assert line.startswith(f"{server.url} refuses a plain request to m: ")
    assert "no chat template is defined" in line


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("where", ["get", "post"])
def test_a_key_that_is_refused(server: Server, status: int, where: str) -> None:
    setattr(server, where, (status, {"error": {"message": "Incorrect API key provided: key-1234"}}))
    line = fault(server.url)
    assert line.startswith(f"{server.url} refuses the key ({status}): set CLCA_API_KEY (or CLCA_PARTNER_API_KEY")
    assert "key-1234" not in line


def test_a_redirect_is_not_followed_and_takes_no_key_elsewhere(server: Server) -> None:
    other = Server()
    server.get, server.location = (307, ""), other.url + "/models"
    assert fault(server.url).startswith(f"{server.url} answers 307")
    server.get, server.post, server.location = (200, listed("m")), (307, ""), other.url + "/chat/completions"
    assert fault(server.url).startswith(f"{server.url} answers 307")
    other.close()
    assert other.asked == []
    assert {key for _, key, _ in server.asked} == {"Bearer key-1234"}


@pytest.mark.parametrize(
    "page",
    [
        "<html><body>Welcome</body></html>",
        "",
        "[1, 2]",
        {},
        {"error": "no"},
        {"data": None},
        {"data": "m"},
        {"data": {"id": "m"}},
        {"data": [7]},
        [listed("m")],
    ],
)
def test_a_page_that_is_no_list_of_models(server: Server, page: object) -> None:
    server.get = (200, page)
    line = fault(server.url)
    assert line.startswith(f"{server.url}/models does not answer like an OpenAI-compatible server: is the URL right?")


def test_a_url_without_models(server: Server) -> None:
    server.get = (404, "nothing here")
    assert fault(server.url) == f"{server.url} has no /models: is the URL right? It usually ends in /v1"


def test_a_server_that_fails(server: Server) -> None:
    server.get = (500, {"error": {"message": "the disk is full"}})
    line = fault(server.url)
    assert line.startswith(f"{server.url} answers 500: ")
    assert "the disk is full" in line


def test_a_server_that_does_not_answer(server: Server) -> None:
    server.get = (200, 3.0)
    begun = time.monotonic()
    line = fault(server.url, patience=0.3)
    assert line == f"{server.url} gives no answer within 0.3 s: is the server up?"
    assert time.monotonic() - begun < 2.5


def test_a_server_that_breaks_the_connection() -> None:
    async def broken() -> str:
        async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        async with await asyncio.start_server(close, "127.0.0.1", 0) as listening:
            url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
            async with HttpClient(key="k", concurrency=1, timeout=5.0) as http:
                with pytest.raises(Unreachable) as caught:
                    await probe_server(http, url, ("m",))
        return caught.value.message.replace(url, "URL")

    line = asyncio.run(broken())
    assert line.startswith("URL broke the connection: ")
    assert line.endswith(": is the server up, and the URL right?")


def test_what_is_checked_is_what_the_standard_client_sees(server: Server) -> None:
    """Its requests, with the key of the run and none of the environment's."""
    inspect(server.url)
    assert [agent.partition("/")[0] for agent in server.agents] == ["AsyncOpenAI", "AsyncOpenAI"]
    assert [path for path, _, _ in server.asked] == ["/v1/models", "/v1/chat/completions"]


def test_a_server_that_is_not_there() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        line = fault(url)
    assert line.startswith(f"cannot connect to {url}: ")
    assert line.endswith(": is the server up, and the URL right?")


# ---------------------------------------------------------------- a teacher of several servers


def teacher(*urls: str, also: tuple[str, ...] = (), model: str = "stub") -> ChatClient:
    return ChatClient(model, urls, also=also, key="k", concurrency=4, timeout=5.0, max_attempts=1)


def test_sound_servers_need_no_words() -> None:
    with Stub() as one, Stub() as two:
        asked = teacher(one.url, two.url)
        assert asyncio.run(asked.check()) == []
        assert [(state.up, state.structured_outputs, state.losses) for state in asked.servers] == 2 * [(True, True, 0)]


def test_a_server_without_schemas_is_noted() -> None:
    with Stub() as one, Stub("--no-constraint") as two:
        asked = teacher(one.url, two.url)
        (notice,) = asyncio.run(asked.check())
    assert notice.startswith(f"{two.url} does not constrain replies to a schema: prompts describe the schema")
    assert [state.structured_outputs for state in asked.servers] == [True, False]


def test_a_server_that_is_down_is_noted_and_done_without() -> None:
    with Stub() as one:
        asked = teacher("http://127.0.0.1:9/v1", one.url)
        (notice,) = asyncio.run(asked.check())
    assert notice.startswith("cannot connect to http://127.0.0.1:9/v1: ")
    assert notice.endswith("; continuing without it")
    assert [state.up for state in asked.servers] == [False, True]


def test_a_server_that_is_down_is_expected_to_be_like_the_others(server: Server) -> None:
    """So that it can be asked, should it come up, by the name that they know the model by."""
    server.get = (200, listed(HUB))
    asked = teacher("http://127.0.0.1:9/v1", server.url, also=(HUB,), model=NAMES[0])
    asyncio.run(asked.check())
    assert [(state.model, state.up) for state in asked.servers] == [(HUB, False), (HUB, True)]


def test_no_server_at_all_is_a_fault() -> None:
    with pytest.raises(Unreachable, match=r"^cannot connect to http://127\.0\.0\.1:9/v1: "):
        asyncio.run(teacher("http://127.0.0.1:9/v1", "http://127.0.0.1:10/v1").check())


def test_a_server_with_another_model_is_a_fault_even_beside_a_sound_one() -> None:
    with Stub() as one, Stub("--models", "other") as two, pytest.raises(TeacherError, match=r"has no model 'stub'"):
        asyncio.run(teacher(one.url, two.url).check())


def test_a_record_keeps_the_alias_of_a_model_that_its_server_knows_by_its_hub_id(tmp_path: Path) -> None:
    run = ("--culture", "japan", "--scenarios", "1", "--exchanges", "1", "--json")
    with Stub("--models", HUB) as stub:
        done = clca(tmp_path, "generate", *run, "--teacher", NAMES[0], "--base-url", stub.url)
    assert done.returncode == 0, done.stderr
    assert last_json(done.stdout)["kept"] == 2
    assert {(one["teacher"], one["judge"]) for one in records(only_run(tmp_path))} == {(NAMES[0], NAMES[0])}
    session = json.loads((only_run(tmp_path) / "run.json").read_text())["sessions"][-1]
    assert [server["model"] for server in session["servers"]] == [HUB]
