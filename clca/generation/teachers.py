"""The teachers of a run, by name and address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clca.cluster.servers import ClusterServers
from clca.content.lookup import Content
from clca.generation.config import GenerateConfig
from clca.generation.roles import REHEARSAL, models_of, own_urls
from clca.inference.keys import API_KEY, Key, key_for, key_notices
from clca.inference.protocol import Role, Teacher
from clca.inference.vllm.manager import ServerManager
from clca.models import ModelCatalogue

if TYPE_CHECKING:
    from clca.inference.chat_client import ChatClient
    from clca.inference.vllm.server import Server
    from clca.simulator import SimulatorContent

CPU_TIMEOUT = 1800.0  # seconds; requests wait for each other on a CPU, and a server that ended is seen at once
REHEARSAL_CONTENT = ("scenarios/rehearsal/*.yaml", "scenarios/norms*.jsonl")

ROLES: tuple[Role, ...] = ("teacher", "partner", "judge", "localiser")

_KEYS: dict[Role, str] = {
    "teacher": API_KEY,
    "partner": "CLCA_PARTNER_API_KEY",
    "judge": "CLCA_JUDGE_API_KEY",
    "localiser": "CLCA_LOCALISER_API_KEY",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Which model plays a role, and at which servers.

    Without URLs a server is started for it, unless it is one of the teachers in process.
    """

    model: str
    urls: tuple[str, ...]
    key: Key


def addresses(config: GenerateConfig, environment: Mapping[str, str]) -> dict[Role, Address]:
    """The address of each role: the others are the teacher unless they are named.

    A role with a URL of its own uses it; else it shares the teacher's. Raises `SettingsError` for a key that no HTTP
    header can carry.
    """
    own = own_urls(config)
    by_role: dict[Role, Address] = {}
    for role, model in models_of(config).items():
        urls = own[role] or config.base_url
        if model in IN_PROCESS or not urls:
            by_role[role] = Address(model, (), Key())
        else:  # the teacher's key goes to its servers only
            names = (_KEYS[role],) if own[role] and role != "teacher" else (_KEYS[role], API_KEY)
            by_role[role] = Address(model, urls, key_for(urls, environment, names))
    return by_role


def where_keys_go(config: GenerateConfig, environment: Mapping[str, str], roles: Collection[Role] = ROLES) -> list[str]:
    """What the user is told of keys before the first request, which one of the `roles` gets."""
    notices: dict[str, None] = {}
    asked = set()
    for role, address in addresses(config, environment).items():
        if role in roles and address.urls and (address.urls, address.key) not in asked:
            asked.add((address.urls, address.key))
            notices |= dict.fromkeys(key_notices(address.urls, address.key, environment, _KEYS[role]))
    return list(notices)


def unserved(config: GenerateConfig, roles: Collection[Role] = ROLES) -> list[str]:
    """The models that a server has to be started for, in these roles."""
    models = (address.model for role, address in addresses(config, {}).items() if role in roles and not address.urls)
    return [model for model in dict.fromkeys(models) if model not in IN_PROCESS]


def read_simulator(config: GenerateConfig, content: Content) -> SimulatorContent | None:
    """What the embedded rehearsal needs, if it plays a role. Raises `ContentError`."""
    if all(address.model != REHEARSAL for address in addresses(config, {}).values()):
        return None
    from clca.simulator import load_simulator_content

    return load_simulator_content(
        {path: content.text(path) for pattern in REHEARSAL_CONTENT for path in content.files(pattern)}
    )


def connect(
    config: GenerateConfig,
    content: Content,
    simulator: SimulatorContent | None,
    servers: ServerManager | ClusterServers,
    environment: Mapping[str, str],
    roles: Collection[Role] = ROLES,
) -> dict[Role, Teacher]:
    """One teacher per distinct address of the `roles`; those at the same address share it. No request is sent yet.

    `servers` has one started for each model without an address.
    """
    teachers: dict[Address, Teacher] = {}
    by_role: dict[Role, Teacher] = {}
    for role, address in addresses(config, environment).items():
        if role not in roles:
            continue
        if address not in teachers:
            teachers[address] = _teacher(address, config, content, simulator, servers)
        by_role[role] = teachers[address]
    return by_role


def _teacher(
    address: Address,
    config: GenerateConfig,
    content: Content,
    simulator: SimulatorContent | None,
    servers: ServerManager | ClusterServers,
) -> Teacher:
    if address.model in IN_PROCESS:
        return IN_PROCESS[address.model](config, simulator)
    from clca.cluster.teacher import ClusterTeacher
    from clca.inference.chat_client import ChatClient
    from clca.inference.vllm.teacher import VllmTeacher

    model = ModelCatalogue(content).find(address.model)

    def client(urls: Sequence[str], key: str, timeout: float, unix_socket: Path | None = None) -> ChatClient:
        return ChatClient(
            address.model,
            urls,
            also=(model.hub,) if model is not None else (),
            key=key,
            concurrency=config.concurrency,
            timeout=timeout,
            max_attempts=config.max_http_attempts,
            unix_socket=unix_socket,
        )

    if address.urls:
        return client(address.urls, address.key.value, config.timeout)

    if isinstance(servers, ClusterServers):
        return ClusterTeacher(address.model, servers, lambda urls, key: client(urls, key, config.timeout))

    def managed(server: Server) -> ChatClient:
        least = CPU_TIMEOUT if servers.is_on_cpu(address.model) else 0.0
        return client([server.url], server.key, max(least, config.timeout), server.unix_socket)

    return VllmTeacher(address.model, servers, managed)


def _simulator(config: GenerateConfig, simulator: SimulatorContent | None) -> Teacher:
    from clca.simulator import Simulator

    assert simulator is not None, "read for the plan"
    return Simulator(simulator, config.max_exchanges)


IN_PROCESS: dict[str, Callable[[GenerateConfig, SimulatorContent | None], Teacher]] = {REHEARSAL: _simulator}
"""The teachers that need no server, by the name that `--teacher`, `--partner` and `--judge` take."""
