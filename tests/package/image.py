"""The image without Docker: the steps of a Dockerfile, carried out in a root of Debian's own files.

    python -m tests.package.image DIR

makes one in DIR, by `debootstrap`, and runs the first command of the README in it, as the image's user. It needs root.
What Docker gives besides is not shown by it: layers, volumes, and the base image itself, whose Python is another one.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_INSIDE = """
mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" || exit 125
exec chroot --userspec="$2" "$1" env -C "$3" -- "${@:4}"
"""


class Image:
    """A root in which a Dockerfile is carried out, as far as it has gone."""

    def __init__(self, root: Path, context: Path) -> None:
        self.root, self._context = root, context
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root", **_of_pip()}
        self.user, self.folder = "root", "/"
        self.arguments: dict[str, str] = {}
        self.entrypoint: list[str] = []
        self.command: list[str] = []
        self.health: list[str] = []

    def build(self, dockerfile: str) -> None:
        """Carry out all instructions. Raises `CalledProcessError` for a step that fails."""
        for name, rest in instructions(dockerfile):
            print(f"{name} {rest[:100]}", file=sys.stderr)
            getattr(self, f"_{name.lower()}")(rest)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """A process in the image, of its user, in its folder."""
        place = [str(self.root), self.user, self.folder]
        return subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", _INSIDE, "bash", *place, *command],
            env=self.environment | self.arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str) -> str:
        """What a command in the image prints. Raises `CalledProcessError`."""
        process = self.start(*command)
        output, _ = process.communicate()
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command, output[-4000:])
        return output

    def _from(self, rest: str) -> None:
        self.arguments = {}  # those before it are of the base's name alone

    def _arg(self, rest: str) -> None:
        name, _, value = rest.partition("=")
        self.arguments[name] = value

    def _env(self, rest: str) -> None:
        self.environment |= dict(pair.partition("=")[::2] for pair in shlex.split(rest))

    def _workdir(self, rest: str) -> None:
        self.folder = rest
        self._inside(rest).mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str) -> None:
        *sources, target = shlex.split(rest)
        for source in sources:
            path, into = self._context / source, self._inside(self.folder) / target
            if path.is_dir():
                shutil.copytree(path, into, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
            else:
                shutil.copy2(path, into / path.name if target.endswith("/") else into)

    def _run(self, rest: str) -> None:
        self.run("/bin/sh", "-c", rest)

    def _user(self, rest: str) -> None:
        self.user = rest
        users = [line.split(":") for line in self._inside("/etc/passwd").read_text().splitlines()]
        (self.environment["HOME"],) = (home for name, _, uid, _, _, home, _ in users if rest in (name, uid))

    def _entrypoint(self, rest: str) -> None:
        self.entrypoint = json.loads(rest)

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)

    def _healthcheck(self, rest: str) -> None:
        self.health = json.loads(rest.partition("CMD ")[2])

    def _label(self, rest: str) -> None:
        """Says something of the image, and does nothing in it; as do the following."""

    _volume = _expose = _stopsignal = _label

    def _inside(self, path: str) -> Path:
        return self.root / path.lstrip("/")


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    r"""The name and the rest of each instruction.

    >>> list(instructions("# a\nFROM b\nRUN c \\\n    # d\n    && e\n"))
    [('FROM', 'b'), ('RUN', 'c     && e')]
    """
    without = re.sub(r"^[ \t]*#.*\n", "", dockerfile, flags=re.MULTILINE)
    for line in without.replace("\\\n", "").splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield name, rest.strip()


def make_root(root: Path) -> None:
    """Make a root of Debian's files with a Python at `/usr/local/bin`, as the base image has it."""
    sources = Path("/etc/apt/sources.list.d/debian.sources").read_text()
    mirror = re.search(r"^URIs: (\S+)", sources, re.MULTILINE)
    suite = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)
    assert mirror is not None
    assert suite is not None
    packages = "--include=python3,python3-venv,ca-certificates"
    subprocess.run(["debootstrap", "--variant=minbase", packages, suite[1], root, mirror[1]], check=True, stdout=2)
    for name in ("etc/resolv.conf", "etc/hosts", CERTIFICATES):  # by which the index is reached from here
        shutil.copy2(f"/{name}", root / name)
    Image(root, root).run("python3", "-m", "venv", "/usr/local")


def _of_pip() -> dict[str, str]:
    """The index that pip asks here."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    found = dict(re.findall(r"^global\.(index-url|extra-index-url)='(.*)'$", listed.stdout, re.MULTILINE))
    given = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in found.items()}
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    return {**given, **proxies, "PIP_CERT": f"/{CERTIFICATES}", "SSL_CERT_FILE": f"/{CERTIFICATES}"}


def readme_command() -> list[str]:
    """The arguments of the `clca` in the first command of the README."""
    line = re.search(r"<!-- first command -->\n```sh\n(.*)\n", (REPOSITORY / "README.md").read_text())
    assert line is not None
    return shlex.split(line[1].rpartition("&& clca ")[2])


def main() -> None:
    """Make the image, and run the first command of the README in it."""
    root = Path(sys.argv[1]).resolve()
    make_root(root)
    image = Image(root, REPOSITORY)
    image.build((REPOSITORY / "Dockerfile").read_text())
    print(image.run(*image.entrypoint, *readme_command()))


if __name__ == "__main__":
    main()
