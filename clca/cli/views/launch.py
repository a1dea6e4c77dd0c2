"""The commands that train on several GPUs: `accelerate launch`, over which the base model is sharded (FSDP)."""

from __future__ import annotations

import os
import shlex

from clca.cli.views.screen import make_console
from clca.content.lookup import Content
from clca.inference.hardware import machine
from clca.training.plan import TrainConfig

FSDP = "trainers/accelerate/fsdp.yaml"
SEVERAL = 4  # GPUs in the command, where there are not several here
MACHINES = 2


def launches(asked: TrainConfig, content: Content) -> tuple[str, str]:
    """The commands for several GPUs, and for several machines of as many each."""
    gpus = len(machine(os.environ).gpus)
    each = gpus if gpus > 1 else SEVERAL
    begin = ["accelerate", "launch", "--config_file", str(content.locate(FSDP))]
    ending = ["-m", "clca", *arguments(asked)]
    machines = ["--num_machines", str(MACHINES), "--num_processes", str(MACHINES * each), "--machine_rank", "0"]
    machines += ["--main_process_ip", "HOST", "--main_process_port", "29500"]
    return shlex.join([*begin, "--num_processes", str(each), *ending]), shlex.join([*begin, *machines, *ending])


def show_launch(asked: TrainConfig, content: Content) -> None:
    console = make_console()
    console.rule()
    one, several = launches(asked, content)
    console.print("On several GPUs, the base model sharded over them (FSDP):", markup=False)
    console.print(f"  {one}", markup=False)
    console.print(
        f"On {MACHINES} machines that share the folder {asked.out}, each with its own --machine_rank:", markup=False
    )
    console.print(f"  {several}", markup=False)
    console.print(
        "training.batch counts for each process. A sharded training that was"
        " stopped goes on to nearly, not exactly, the same weights.",
        style="dim",
    )


def arguments(asked: TrainConfig) -> list[str]:
    """The command that asks for the same."""
    flags = {"--student": asked.student, "--recipe": asked.recipe, "--mix": asked.mix}
    switches = {"--combined": asked.combined, "--all": asked.every, "--new": asked.new}
    words = ["train"]
    for flag, values in (("--culture", asked.cultures), ("--run", asked.runs), ("--set", asked.sets)):
        words += [word for value in values for word in (flag, value)]
    words += [word for flag, value in flags.items() if value is not None for word in (flag, value)]
    words += [flag for flag, given in switches.items() if given]
    return words if asked.out == TrainConfig().out else [*words, "--out", str(asked.out)]
