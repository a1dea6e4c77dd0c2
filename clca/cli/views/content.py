"""`clca init` and `clca content` on the terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.table import Table

from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.wrapping import command
from clca.content.lookup import FOLDERS, Content, find_workspace
from clca.content.trust import CONFIG
from clca.content_check import check
from clca.culture.profile import unread_cultures
from clca.errors import NotFoundError, SettingsError, StoreError
from clca.generation.config import GenerateConfig
from clca.generation.seed_counts import count_seeds, markdown
from clca.printable import one_line, printable
from clca.shell import command_line
from clca.stages import resolve_config
from clca.storage.atomic import atomic_write

TEMPLATE = """\
# A clca workspace. Files in prompts/, scenarios/, personas/, trainers/ and eval/ beside this one override
# the packaged files of the same path; `clca content copy PATH` copies one here to edit.
# Flags and CLCA_* environment variables outrank what is set below. API keys do not belong here:
# set CLCA_API_KEY (CLCA_PARTNER_API_KEY, CLCA_JUDGE_API_KEY, CLCA_LOCALISER_API_KEY) in the environment.

[generate]
out = "generated"                # folder of the runs, relative to this file

# culture = ["japan"]            # what is generated where no --culture is given; or "all"
# guest = "mexico"               # culture of the second participant, as with --with
# teacher = "rehearsal"          # model that localises, plays the first participant, labels intents
# partner = "rehearsal"          # model that plays the second participant
# judge = "rehearsal"            # model that judges
# localiser = "rehearsal"        # model that makes scenarios fit the culture
# base_url = ["http://localhost:8000/v1"]    # several for replicas
# partner_base_url = "http://localhost:8001/v1"
# judge_base_url = "http://localhost:8002/v1"
# localiser_base_url = "http://localhost:8003/v1"
# vllm = "vllm"                  # the command that serves a model without an address
# vllm_args = "--max-num-seqs 512"    # more arguments for it
# quantization = "fp8"           # hold the weights in fewer bits
# cluster = "auto"               # serve the models on the nodes of a Ray cluster
# replicas = 4                   # how many; as many as there is room for
# replica_cpus = 1               # CPUs that Ray sets aside for each
# start_timeout = 3600.0         # seconds until it has to answer, download included
# scenarios = 20                 # how many seeds, or a JSONL file relative to this one
# norms = 0                      # how many more scenarios to write from norms
# norm_file = "norms.jsonl"      # take these norms from a file relative to this one, such as an imported one
# adaptation = "teacher"        # or "code": names, place and things only; or "none": scenarios that fit as they are
# samples = 2                    # how often each scenario is played
# kept = 500                     # go on until so many are kept
# kept_attempts = 5              # but for no more than so many times as many dialogues
# max_exchanges = 10             # most exchanges a dialogue has
# turn_format = "json"           # or "text": the role-play in plain text, for models that JSON harms
# thought = true                 # a thought before each turn in JSON, recorded and shown to nobody
# partner_background = false     # show each side the other's background, too
# leave_rule = false             # tell each side to leave once its goal is reached
# seed = 42
# temperature = 1.0              # of the role-play; without it that of each model's own generation config
# top_p = 0.7
# discard = ["quality", "meta"]  # verdicts that discard; "alignment" is the third
# discard_confidence = "very confident"
# rate = false                   # have the judge rate goals, believability, relationship, secrets, social rules
# rate_least = ["believability=5"]  # with rate: discard what is rated lower
# keep_requests = false          # write each request with its raw reply, for clca inspect --replay
# calibrate = true               # ask the judge about prepared dialogues first, and show what it finds
# max_reply_attempts = 3         # how often an answer is requested while replies are invalid
# concurrency = 64               # most requests in flight
# max_http_attempts = 5          # how often a request is sent while the server fails
# timeout = 120.0                # seconds after which a request is given up

# Other commands have tables of their own, such as [train] and [eval-wvs]; `clca schema train` prints the keys.
"""


def init(folder: Path) -> None:
    """Make a folder into a workspace. Raises `StoreError` if it is one already or cannot be written."""
    config = folder / CONFIG
    if os.path.lexists(config):
        raise StoreError(f"{config} exists already: {folder} is a workspace")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FOLDERS:
            (folder / name).mkdir(exist_ok=True)
        atomic_write(config, TEMPLATE, new=True)
    except OSError as error:
        raise StoreError(f"cannot make a workspace in {folder}: {error.strerror}") from None
    following = command(f"{command_line('cd', folder)} && clca content list")
    make_console().print(styled(f"{config} written. Next: ", following))


def list_content(pattern: str, *, as_json: bool) -> None:
    """Print the content files that match a glob, each with its source. Raises `NotFoundError` if none does."""
    content = Content(find_workspace())
    paths = content.files(pattern)
    if not paths:
        raise NotFoundError(f"no content file matches {pattern!r} (clca content list shows all)")
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("path")
    table.add_column("from")
    for path in paths:
        if as_json:
            print_json({"path": path, "origin": content.origin(path), "file": str(content.locate(path))})
        table.add_row(one_line(path), content.origin(path))
    if not as_json:
        make_console().print(table)


def show_content(path: str) -> None:
    """Print the text of a content file: as it is, but for what a terminal would obey."""
    text = Content(find_workspace()).text(path)
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)


def copy_content(paths: list[str], *, force: bool) -> None:
    """Copy packaged files into the workspace; `force` replaces those that exist."""
    content = Content(find_workspace())
    for path in paths:
        make_console().print(f"{content.copy(path, force=force)} written")


def count_content(*, as_json: bool) -> None:
    """Print the counts of the seed scenarios: as tables in Markdown, or one JSON object per culture."""
    counts = count_seeds(Content(find_workspace()))
    if as_json:
        for row in counts:
            print_json(row.model_dump())
    else:
        sys.stdout.write(f"{markdown(counts)}\n")


def check_content(*, as_json: bool) -> int:
    """Check every content file and print the errors. Returns the exit code: 2 if there are any, else 0."""
    workspace = find_workspace()
    errors = check(Content(workspace))
    try:
        resolve_config(GenerateConfig, {}, workspace=workspace)
    except SettingsError as error:
        errors.append(error)
    for fault in errors:
        if as_json:
            print_json({"fault": fault.message})
        else:
            make_console().print(one_line(fault.message))
    if not errors and not as_json:
        make_console().print(f"{len(Content(workspace).files())} content files, no faults")
        unread = unread_cultures(Content(workspace))
        if unread:
            make_console().print(f"Not read by a native reader (`clca content review`): {', '.join(unread)}")
    return 2 if errors else 0
