"""The commands that train on several GPUs: `accelerate launch`, over which the base model is sharded (FSDP)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml
from clca.shell import command_line
from clca.training.config import TrainConfig

FSDP = "trainers/accelerate/fsdp.yaml"
DEFAULT_GPUS = 4  # in the command, where this machine does not have several
MACHINES = 2
SAFE = "PYTHONSAFEPATH=1"  # else `-m` imports modules of the working directory first, which may be a stranger's


class _LaunchFile(BaseModel):
    """What accelerate's configuration may say: a launch on this machine, no host, program or cloud."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    compute_environment: Literal["LOCAL_MACHINE"]
    distributed_type: Literal["FSDP", "MULTI_GPU"]
    mixed_precision: Literal["no", "fp16", "bf16", False] = "bf16"  # an unquoted "no" is False in YAML
    num_machines: int = 1
    num_processes: int = 2
    machine_rank: int = 0
    rdzv_backend: Literal["static", "c10d"] = "static"
    same_network: bool = True
    main_training_function: Literal["main"] = "main"
    use_cpu: bool = False
    debug: bool = False
    gpu_ids: str | None = None
    fsdp_config: dict[Annotated[str, StringConstraints(pattern=r"^fsdp_\w+$")], bool | int | float | str | None] = {}

    @field_validator("fsdp_config")
    @classmethod
    def _whole(cls, value: dict[str, Any]) -> dict[str, Any]:
        if value.get("fsdp_state_dict_type", "FULL_STATE_DICT") != "FULL_STATE_DICT":
            raise ValueError("fsdp_state_dict_type is not FULL_STATE_DICT: the others are read back by pickle")
        return value


def launch_commands(config: TrainConfig, content: Content, gpus: int) -> tuple[str, str]:
    """The commands for several GPUs of one machine, and for several machines of as many each.

    `gpus` is how many this machine has. Raises `ContentError` for a configuration of the workspace that says more than
    how to launch here.
    """
    read_yaml(content.shown(FSDP), content.text(FSDP, note=False), _LaunchFile)
    processes = gpus if gpus > 1 else DEFAULT_GPUS
    launch = ["accelerate", "launch", "--config_file", str(content.locate(FSDP))]
    train = ["-m", "clca", *arguments(config)]
    machines = ["--num_machines", str(MACHINES), "--num_processes", str(MACHINES * processes), "--machine_rank", "0"]
    machines += ["--main_process_ip", "HOST", "--main_process_port", "29500"]
    one = command_line(*launch, "--num_processes", str(processes), *train)
    return f"{SAFE} {one}", f"{SAFE} {command_line(*launch, *machines, *train)}"


def arguments(config: TrainConfig) -> list[str]:
    """The arguments of `clca` that give a configuration."""
    words = [config.stage]
    for name, _, option in config.options():
        value = getattr(config, name)
        if option is None or option.hidden or value == TrainConfig.model_fields[name].default:
            continue
        flag = f"--{(option.name or name).replace('_', '-')}"
        values = value if isinstance(value, tuple) else (value,)
        words += [flag] if value is True else [word for entry in values for word in (flag, str(entry))]
    return words
