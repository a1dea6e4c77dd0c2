"""Who answers at an address of this machine: found by Linux's `/proc`, since any user may take a port."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress

_LISTENING = "0A"
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def is_of_process(address: str, port: int, process: int) -> bool:
    """Whether whoever connects to an IP address of this machine reaches that process or one that it started.

    True where the system has no `/proc` to tell.
    """
    try:
        found = list(_listeners(port))
    except OSError:
        return True
    # The kernel prefers a listener at the address itself to one at all addresses.
    own = [inode for at, inode in found if at in _written(address)] or [
        inode for at, inode in found if not at.strip("0")
    ]
    return bool(own) and set(own) <= _sockets_of(_with_descendants(process))


def _listeners(port: int) -> Iterator[tuple[str, str]]:
    """The address, as the kernel writes it, and the inode of each socket that listens at a port."""
    for table in _TABLES:
        try:
            with open(table, encoding="ascii") as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except FileNotFoundError:
            if table == _TABLES[0]:
                raise
            continue  # a system without IPv6
        for row in rows:
            at, _, number = row[1].partition(":")
            if row[3] == _LISTENING and int(number, 16) == port:
                yield at, row[9]


def _written(address: str) -> set[str]:
    """The address as the kernel writes it: words of four bytes in the machine's order; IPv4 also as a part of IPv6."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address.partition("%")[0])
    forms = [packed] if family == socket.AF_INET6 else [packed, b"\0" * 10 + b"\xff\xff" + packed]
    return {_words(form) for form in forms}


def _words(packed: bytes) -> str:
    return "".join(f"{int.from_bytes(packed[at : at + 4], sys.byteorder):08X}" for at in range(0, len(packed), 4))


def _with_descendants(process: int) -> set[int]:
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError, ValueError), open(f"/proc/{name}/stat", "rb") as file:
            parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
    family = {process}
    while added := {child for child, parent in parents.items() if parent in family} - family:
        family |= added
    return family


def _sockets_of(processes: set[int]) -> set[str]:
    """The inodes of the sockets that the processes hold."""
    held = set()
    for process in processes:
        with suppress(OSError):
            for name in os.listdir(f"/proc/{process}/fd"):
                with suppress(OSError):
                    link = os.readlink(f"/proc/{process}/fd/{name}")
                    if link.startswith("socket:["):
                        held.add(link[len("socket:[") : -1])
    return held
