"""How fast `clca serve` answers many people who read one large run, and in how much memory.

    python -m benchmarks.service_pages [--dialogues 100000] [--clients 200] [--seconds 60] [--pause 1] [--folder DIR]

Each client asks for a page of dialogues, for the next ones by cursor, for single dialogues and for words, and reads for
`--pause` seconds in between. The run is made of the lines of a rehearsal, lengthened with drawn words; `--folder` keeps
it. Prints one JSON object: seconds by kind of request, requests, and the largest resident memory of the service in MB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx2

RUN = "japan/load-s1-abcdef"
TURNS, WORDS = 16, 28  # of a dialogue, and of a turn: about 8 KB


def make_run(folder: Path, dialogues: int) -> None:
    """Write a run of so many dialogues, unless it is there."""
    run = folder / "generated" / RUN
    (folder / "clca.toml").touch()
    if (run / "run.json").is_file():
        return
    command = [sys.executable, "-m", "clca", "generate", "--culture", "japan", "--scenarios", "4", "--samples", "1"]
    subprocess.run([*command, "--quiet", "--out", "seed"], cwd=folder, check=True)
    (info,) = folder.glob("seed/japan/*/run.json")
    seed = json.loads((info.parent / "dialogues.jsonl").read_text().splitlines()[0])
    words = [word for turn in seed["turns"] for word in turn["text"].split()] * 20
    words += [f"rare{number}" for number in range(8000)]
    rng = random.Random(1)
    run.mkdir(parents=True)
    files = {name: open(run / f"{name}.jsonl", "w") for name in ("dialogues", "discarded")}  # noqa: SIM115
    for number in range(dialogues):
        turns = [{**seed["turns"][0], "text": " ".join(rng.choices(words, k=WORDS))} for _ in range(TURNS)]
        name = "dialogues" if rng.random() < 0.8 else "discarded"
        files[name].write(json.dumps({**seed, "id": f"japan-{number:06d}", "turns": turns}) + "\n")
    for file in files.values():
        file.close()
    (run / "run.json").write_bytes(info.read_bytes())


async def client(http: httpx2.AsyncClient, rng: random.Random, until: float, pause: float, seconds: Any) -> None:
    """One person who reads."""
    path, cursor = f"/v1/runs/{RUN}/dialogues", 0

    async def ask(kind: str, url: str, **query: Any) -> Any:
        began = time.perf_counter()
        response = await http.get(url, params=query)
        seconds[kind].append(time.perf_counter() - began)
        response.raise_for_status()
        return response.json()

    while time.monotonic() < until:
        await asyncio.sleep(pause * rng.uniform(0.5, 1.5))
        page = await ask("page", path, cursor=cursor)
        cursor = page["cursor"] or 0
        if page["dialogues"] and rng.random() < 0.3:
            await ask("dialogue", f"{path}/{rng.choice(page['dialogues'])['id']}")
        if rng.random() < 0.1:
            await ask("search", path, q=f"rare{rng.randrange(8000)}")
            cursor = rng.randrange(90_000)


async def load(url: str, clients: int, length: float, pause: float) -> dict[str, list[float]]:
    """The seconds of all requests by kind."""
    seconds: dict[str, list[float]] = defaultdict(list)
    limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=60) as http:
        until = time.monotonic() + length
        await asyncio.gather(*(client(http, random.Random(n), until, pause, seconds) for n in range(clients)))
    return seconds


def main() -> None:
    """Make the run, serve it, load the service, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("dialogues", 100_000), ("clients", 200), ("seconds", 60.0), ("pause", 1.0)):
        parser.add_argument(f"--{name}", type=type(default), default=default)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="clca-load-"))
    folder.mkdir(parents=True, exist_ok=True)
    make_run(folder, options.dialogues)
    command = [sys.executable, "-m", "clca", "serve", "--port", "0", "--rate", "0", "--free", "0"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        url = ""
        while not url:
            match = re.search(r" at (http\S+)$", service.stderr.readline())
            url = match[1] if match else ""
        began = time.monotonic()
        while httpx2.get(f"{url}/v1/runs/{RUN}/dialogues", params={"size": 1}, timeout=60).json()["behind"]:
            time.sleep(1)
        indexed = time.monotonic() - began
        seconds = asyncio.run(load(url, options.clients, options.seconds, options.pause))
        status = Path(f"/proc/{service.pid}/status").read_text()
        service.terminate()
    peak = re.search(r"VmHWM:\s+(\d+)", status)
    figures = {
        kind: {
            "requests": len(values),
            "median": round(statistics.median(values), 4),
            "p99": round(sorted(values)[int(len(values) * 0.99)], 4),
        }
        for kind, values in seconds.items()
    }
    memory = round(int(peak[1]) / 1024) if peak else None
    print(json.dumps({**figures, "memory_mb": memory, "indexed_seconds": round(indexed, 1)}))


if __name__ == "__main__":
    main()
