"""The teachers of a run, by name and address."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clca.content.lookup import Content
from clca.errors import SettingsError
from clca.generation.config import REHEARSAL, GenerateConfig
from clca.inference.protocol import Role, Teacher
from clca.inference.vllm.manager import Servers
from clca.models import ModelCatalogue
from clca.urls import NO_KEY

REHEARSAL_CONTENT = ("scenarios/rehearsal/*.yaml", "scenarios/norms*.jsonl")

_KEYS: dict[Role, str] = {
    "teacher": "CLCA_API_KEY",
    "partner": "CLCA_PARTNER_API_KEY",
    "judge": "CLCA_JUDGE_API_KEY",
}
_SHARED_KEYS = ("CLCA_API_KEY", "OPENAI_API_KEY")  # of the teacher's server; never sent to another


@dataclass(frozen=True, slots=True)
class Address:
    """Which model plays a role, and where: without URLs, on a server that is started for it,
    or, if it is the embedded rehearsal, on none."""

    model: str
    urls: tuple[str, ...]
    key: str = field(repr=False)


def addresses(settings: GenerateConfig, environment: Mapping[str, str]) -> dict[Role, Address]:
    """The address of each role: partner and judge are the teacher unless they are named.

    A role with a URL of its own uses it; else it shares the teacher's.
    """
    models: dict[Role, str] = {
        "teacher": settings.teacher,
        "partner": settings.partner or settings.teacher,
        "judge": settings.judge or settings.teacher,
    }
    own: dict[Role, str | None] = {
        "teacher": None,
        "partner": settings.partner_base_url,
        "judge": settings.judge_base_url,
    }
    found: dict[Role, Address] = {}
    for role, model in models.items():
        urls = (url,) if (url := own[role]) else settings.base_url
        if model == REHEARSAL or not urls:
            found[role] = Address(model, (), "")
        else:
            names = (_KEYS[role],) if own[role] else (_KEYS[role], *_SHARED_KEYS)
            found[role] = Address(model, urls, key_of(environment, role, names))
    return found


def key_of(environment: Mapping[str, str], role: Role, names: tuple[str, ...]) -> str:
    """The first of these variables that holds a key, or `NO_KEY`."""
    for name in names:
        key = environment.get(name, "").strip()
        if key and not (key.isascii() and key.isprintable()):
            raise SettingsError(f"{name}: the key of the {role} holds characters that an HTTP header cannot carry")
        if key:
            return key
    return NO_KEY


def unserved(settings: GenerateConfig) -> list[str]:
    """The models that a server has to be started for."""
    models = (address.model for address in addresses(settings, {}).values() if not address.urls)
    return [model for model in dict.fromkeys(models) if model != REHEARSAL]


def connect(
    settings: GenerateConfig,
    content: Content,
    servers: Servers,
    environment: Mapping[str, str] | None = None,
) -> dict[Role, Teacher]:
    """One teacher per distinct address; roles at the same address share it.

    Nothing is asked or started yet; `servers` are those that will have been by then.
    """
    teachers: dict[Address, Teacher] = {}
    by_role: dict[Role, Teacher] = {}
    for role, address in addresses(settings, os.environ if environment is None else environment).items():
        if address not in teachers:
            teachers[address] = _teacher(address, settings, content, servers)
        by_role[role] = teachers[address]
    return by_role


def _teacher(address: Address, settings: GenerateConfig, content: Content, servers: Servers) -> Teacher:
    if address.model == REHEARSAL:
        from clca.simulator import Simulator, load_simulator_content

        files = {path: content.text(path) for pattern in REHEARSAL_CONTENT for path in content.files(pattern)}
        return Simulator(load_simulator_content(files), settings.exchanges)
    from clca.inference.chat_client import ChatClient
    from clca.inference.vllm.teacher import VllmTeacher

    known = ModelCatalogue(content).find(address.model)

    def client(urls: Sequence[str], key: str) -> ChatClient:
        return ChatClient(
            address.model,
            urls,
            also=(known.hub,) if known is not None else (),
            key=key,
            concurrency=settings.concurrency,
            timeout=settings.timeout,
            max_attempts=settings.tries,
        )

    if address.urls:
        return client(address.urls, address.key)
    return VllmTeacher(address.model, servers, lambda server: client([server.url], server.key))
