"""A `vllm` that answers evaluations: the same prompt to the same model gets the same number from 1 to 3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.inference.vllm.commands import script

BODY = """
import asyncio, json, os, sys, time
from hashlib import sha256
from aiohttp import web

def given(name):
    return sys.argv[sys.argv.index(name) + 1]

adapters = [json.loads(word)["name"] for word in sys.argv if word.startswith('{"name"')]
base, key, log = given("--served-model-name"), os.environ["VLLM_API_KEY"], os.open(LOG, os.O_WRONLY | os.O_APPEND)

async def handle(request):
    if request.path == "/health":
        return web.Response()
    if request.headers.get("Authorization") != f"Bearer {key}":
        return web.json_response({"error": {"message": "wrong key"}}, status=401)
    body = await request.json()
    model = body["model"]
    if model not in [base, *adapters]:
        return web.json_response({"error": {"message": f"no model {model}"}}, status=404)
    prompt = json.dumps(body.get("messages") or body["prompt"])
    if "Good morning! How are you?" not in prompt:
        if os.path.exists(HOLD):
            headers = {"Retry-After": "8"}
            return web.json_response({"error": {"message": "busy"}}, status=429, headers=headers)
        asked = {"replica": os.getpid(), "session": request.headers["X-Session-ID"], "model": model, "prompt": prompt}
        os.write(log, (json.dumps(asked) + "\\n").encode())
    await asyncio.sleep(0.02)
    text = str(1 + sha256((model + prompt).encode()).digest()[0] % 3)
    answer = {"text": " " + text} if request.path.endswith("/completions") and "prompt" in body else {
        "message": {"role": "assistant", "content": text}
    }
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return web.json_response({"choices": [{**answer, "index": 0, "finish_reason": "stop"}], "usage": usage})

async def serve():
    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, given("--host"), int(given("--port"))).start()
    print("listening", flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a replica, named by its process, was sent; greetings are none."""

    replica: int
    session: str
    model: str
    prompt: str


class Labeller:
    """The command, and what its replicas were asked. While the file `hold` exists, they ask for patience.

    A replica that kept its requests waiting would be slow beside the others, and lose their sessions.
    """

    def __init__(self, folder: Path) -> None:
        self._log, self.hold = folder / "asked.jsonl", folder / "hold"
        folder.mkdir(parents=True, exist_ok=True)
        self._log.touch()
        body = BODY.replace("LOG", repr(str(self._log))).replace("HOLD", repr(str(self.hold)))
        self.command = script(folder / "bin", body)

    def asked(self) -> list[Asked]:
        return [Asked(**json.loads(line)) for line in self._log.read_text().splitlines()]

    def forget(self) -> None:
        self._log.write_text("")
