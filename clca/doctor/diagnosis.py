"""The whole examination of this machine."""

from __future__ import annotations

from collections.abc import Mapping

from clca.doctor.devices import devices
from clca.doctor.finding import Diagnosis, Finding
from clca.doctor.installation import installation
from clca.doctor.studies import studies
from clca.doctor.surroundings import hub, network, workspace
from clca.doctor.vllm import is_usable, vllm
from clca.errors import ClcaError
from clca.generation.config import GenerateConfig
from clca.inference.hardware import machine
from clca.stages import resolve_config


def diagnose(environment: Mapping[str, str]) -> Diagnosis:
    """What works here, what is absent and what cannot work, from the working directory."""
    here = machine(environment)
    folder, of_workspace = workspace()
    findings = [*installation(), *devices(here, environment)]
    settings = None
    try:
        settings = resolve_config(GenerateConfig, {}, environment, folder)
    except ClcaError as error:
        fix = "mend it: the message names the file or variable, and `clca schema generate` prints the keys"
        of_workspace.append(Finding(topic="Workspace", name="settings", state="fault", value=error.message, fix=fix))
    of_vllm = list(vllm(settings.vllm if settings else None, here))
    findings += [*of_vllm, *hub(environment), *network(environment), *of_workspace]
    has_vllm = is_usable(of_vllm)
    servers = settings.base_url if settings else ()
    return Diagnosis(findings=tuple(findings), studies=tuple(studies(here, has_vllm, servers, folder, environment)))
