"""The four roles of a generation: which model plays each, and at which server of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clca.cluster.settings import UNUSED
from clca.inference.protocol import Role

if TYPE_CHECKING:
    from clca.generation.config import GenerateConfig

REHEARSAL = "rehearsal"


def models_of(config: GenerateConfig) -> dict[Role, str]:
    """The model of each role: the others are the teacher unless they are named."""
    return {
        "teacher": config.teacher,
        "partner": config.partner or config.teacher,
        "judge": config.judge or config.teacher,
        "localiser": config.localiser or config.teacher,
    }


def own_urls(config: GenerateConfig) -> dict[Role, tuple[str, ...]]:
    """The servers that are given for each role. One without shares those of the teacher."""
    others: dict[Role, str | None] = {
        "partner": config.partner_base_url,
        "judge": config.judge_base_url,
        "localiser": config.localiser_base_url,
    }
    return {"teacher": config.base_url, **{role: (url,) if url else () for role, url in others.items()}}


def flag_of(role: Role) -> str:
    """The flag that names a role's server."""
    return "--base-url" if role == "teacher" else f"--{role}-base-url"


def unused_servers(config: GenerateConfig) -> list[Role]:
    """The roles for which a server is given that nobody asks, since the rehearsal plays them."""
    models, urls = models_of(config), own_urls(config)
    asked: dict[Role, set[str]] = {role: {model} for role, model in models.items()}
    asked["teacher"] = {model for role, model in models.items() if role == "teacher" or not urls[role]}
    return [role for role, names in asked.items() if urls[role] and names == {REHEARSAL}]


def require_models(config: GenerateConfig) -> None:
    """Raises `ValueError` if a setting of servers or of a model's replies is given and the rehearsal needs none."""
    models = models_of(config)
    if config.quantization and set(models.values()) == {REHEARSAL}:
        raise ValueError("--quantization needs a model: add --teacher NAME")
    if config.cluster and set(models.values()) == {REHEARSAL}:
        raise ValueError("--cluster needs a model: add --teacher NAME")
    if not config.cluster and (config.replicas or config.replica_cpus):
        raise ValueError(UNUSED)
    if config.turn_format == "text" and REHEARSAL in (models["teacher"], models["partner"]):
        raise ValueError("--turn-format text needs a model on both sides: the rehearsal plays in JSON only")
    for role in unused_servers(config):
        # It means a forgotten model name, unless the rehearsal was chosen by name: then a note says so.
        if not {role, "teacher"} & config.model_fields_set:
            raise ValueError(f"{flag_of(role)} needs the name of the {role}'s model: add --{role} NAME")


def unused_notes(config: GenerateConfig) -> list[str]:
    """That a server is given and not asked, one line for each."""
    return [
        f"{flag_of(role)} is not used: the {role} is the rehearsal, which needs no server"
        for role in unused_servers(config)
    ]
