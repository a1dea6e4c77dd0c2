"""`python -m benchmarks replay`: what `clca generate` costs a real server beside a bare client that sends the same.

It starts vLLM with a model (or takes a server that runs), generates, sends the bodies of all requests again in their
order through bare aiohttp, as many at once, with an empty prefix cache, and compares the seconds from the first request
to the last reply.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.clients import bare
from benchmarks.figures import Figure, as_json, table

HERE = Path(__file__).parent
TARGET = 1.05
COUNTERS = {
    "requests": "vllm:request_success_total",
    "prompt tokens": "vllm:prompt_tokens_total",
    "cached prompt tokens": "vllm:prefix_cache_hits_total",
    "completion tokens": "vllm:generation_tokens_total",
}


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code, 1 if the target is missed."""
    options = _parse(arguments)
    with ExitStack() as stack:
        url, model = options.base_url, options.model
        if url is None:
            from tests.vllm.servers import Server

            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clca-replay-")))
            server = Server(options.vllm, Path(options.model), folder, VLLM_SERVER_DEV_MODE="1")
            url, model = stack.enter_context(server).url, server.model
        _warm_up(url, model)
        figures, ratio = measure(url, model, options)
    print(table(figures))
    if options.json is not None:
        options.json.write_text(json.dumps({"model": options.model, "figures": as_json(figures)}, indent=2) + "\n")
    met = ratio <= TARGET
    print(f"{ratio:.3f} x the bare client, target <= {TARGET}: {'met' if met else 'MISSED'}")
    return 0 if met else 1


def measure(url: str, model: str, options: argparse.Namespace) -> tuple[list[Figure], float]:
    """The figures of the run and of the bare client, and the ratio of their seconds."""
    import aiohttp  # noqa: F401 - now, since its import would count as the bare client's time

    options.out.mkdir(parents=True, exist_ok=True)
    log = options.out / "bodies.jsonl"
    _empty_prefix_cache(url)
    before = counters(url)
    command = [sys.executable, str(HERE / "recorded_generate.py"), str(log.absolute()), "generate", "--json", "--quiet"]
    command += ["--culture", "japan", "--new", "--no-calibrate"]
    if options.whole:
        command += ["--teacher", model, "--base-url", url]
    else:
        command += ["--teacher", "rehearsal", "--partner", model, "--partner-base-url", url]
        command += ["--judge", model, "--judge-base-url", url]
    sizes = {
        "scenarios": options.scenarios,
        "samples": options.samples,
        "max-exchanges": options.exchanges,
        "concurrency": options.concurrency,
        "timeout": 900,
    }
    command += [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, cwd=options.out, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 3):  # 3: some dialogues failed
        raise SystemExit(f"clca generate ended with {done.returncode}")
    kept = json.loads(done.stdout)["kept"]
    used = {name: value - before[name] for name, value in counters(url).items()}
    *bodies, seconds = log.read_bytes().splitlines()
    ours = float(seconds)

    _empty_prefix_cache(url)
    before = counters(url)
    began = time.monotonic()
    asyncio.run(bare(url, bodies, len(bodies), options.concurrency))
    theirs = time.monotonic() - began
    again = {name: value - before[name] for name, value in counters(url).items()}

    ratio = ours / theirs
    figures = [
        Figure("run of clca", "requests sent", len(bodies)),
        Figure("run of clca", "seconds from the first request to the last reply", round(ours, 2)),
        Figure("run of clca", "dialogues kept", kept, options.scenarios * options.samples),
        *(Figure("run of clca", name, value) for name, value in used.items()),
        *(
            Figure("run of clca", f"{name} per kept dialogue", round(value / max(1, kept)))
            for name, value in used.items()
        ),
        Figure("bare client, the same bodies", "seconds", round(theirs, 2)),
        *(Figure("bare client, the same bodies", name, value) for name, value in again.items()),
        Figure("compared", "seconds of the run over those of the bare client", round(ratio, 3)),
    ]
    return figures, ratio


def counters(url: str) -> dict[str, float]:
    """What the server has counted so far; a counter that it lacks is 0."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/metrics", timeout=60) as response:
        lines = response.read().decode().splitlines()
    totals = dict.fromkeys(COUNTERS, 0.0)
    for line in lines:
        for name, counter in COUNTERS.items():
            if line.startswith((f"{counter}{{", f"{counter} ")):
                totals[name] += float(line.rsplit(maxsplit=1)[1])
    return totals


def _empty_prefix_cache(url: str) -> None:
    """Raises `SystemExit` if the server cannot: then the second of the two would find what the first left."""
    request = urllib.request.Request(url.removesuffix("/v1") + "/reset_prefix_cache", method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60):
            pass
    except OSError as error:
        raise SystemExit(
            f"{url}: cannot empty the prefix cache ({error}): start vLLM with VLLM_SERVER_DEV_MODE=1"
        ) from None


def _warm_up(url: str, model: str) -> None:
    """One request, so that neither of the two pays for what the server compiles at its first."""
    body = {"model": model, "messages": [{"role": "user", "content": "Good morning."}], "max_tokens": 8}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/chat/completions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=900):
        pass


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks replay", description=__doc__)
    parser.add_argument(
        "--model",
        required=True,
        help="folder of the model, such as tests/vllm/real_model.py makes; with --base-url its name there",
    )
    parser.add_argument(
        "--vllm", default=os.environ.get("CLCA_VLLM", "vllm"), help="the vllm command; default $CLCA_VLLM"
    )
    parser.add_argument("--base-url", help="a vLLM that runs, started with VLLM_SERVER_DEV_MODE=1")
    parser.add_argument(
        "--whole", action="store_true", help="have the model adapt, open and label, too: one of 135 million cannot"
    )
    parser.add_argument("--concurrency", type=int, default=32, help="requests in flight; default 32")
    parser.add_argument("--scenarios", type=int, default=24)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--exchanges", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path("replay-bench"), help="folder for the run and the bodies")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args(arguments)
