"""The commands that train on several GPUs: `accelerate launch`, over which the base model is sharded (FSDP)."""

from __future__ import annotations

from clca.content.lookup import Content
from clca.shell import command_line
from clca.training.config import TrainConfig

FSDP = "trainers/accelerate/fsdp.yaml"
DEFAULT_GPUS = 4  # in the command, where this machine does not have several
MACHINES = 2
SAFE = "PYTHONSAFEPATH=1"  # else `-m` imports modules of the working directory first, which may be a stranger's


def launch_commands(config: TrainConfig, content: Content, gpus: int) -> tuple[str, str]:
    """The commands for several GPUs of one machine, and for several machines of as many each.

    `gpus` is how many this machine has.
    """
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
