"""A workspace of a stranger's in which a service has been, or seems to have been."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from clca.errors import NotFoundError, SettingsError, StoreError
from clca.progress import ignore
from clca.service import access
from clca.service.access import TokenFile
from clca.service.app import make_service
from clca.service.client_fields import FieldRules
from clca.service.config import ServeConfig
from clca.service.dialogues.entry import LONGEST_TITLE, entry_of
from clca.service.dialogues.index import RunIndex
from clca.service.dialogues.search import Filters, dialogue, page
from clca.service.jobs.job import JOB, Job
from clca.service.jobs.table import JobTable
from clca.service.own_folder import make_own_folder, read_own
from clca.service.plan import plan
from clca.service.run_list import RunList
from clca.service.served_file import Conditions, list_files, send_file
from clca.stages import STAGES

ID = "ab" * 32


@pytest.fixture
def rules(tmp_path: Path) -> FieldRules:
    (tmp_path / "clca.toml").write_text('[generate]\nout = "mine"\nsamples = 3\nvllm = "vllm"\n')
    return FieldRules(tmp_path, tmp_path / "service", ServeConfig(allow_url=("http://gpu1/v1",)))


@pytest.mark.parametrize(
    ("stage", "settings"),
    [
        ("generate", {"vllm": "./evil.sh"}),
        ("generate", {"vllm_args": "--middleware evil"}),
        ("generate", {"out": "/home/user"}),
        ("generate", {"base_url": ["http://evil/v1"]}),
        ("generate", {"scenarios": "../secret.jsonl"}),
        ("export", {"run": ["japan"], "out": "exports/all", "push": "evil/data"}),
        ("export", {"run": ["japan"], "out": "exports/../../x"}),
        ("generate", {"unknown": 1}),
    ],
)
def test_a_stored_job_has_no_setting_that_a_client_may_not_send(
    rules: FieldRules, stage: str, settings: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match=rf"\b{list(settings)[-1]}\b"):
        rules.require_sent(STAGES[stage].config_type, settings)


@pytest.mark.parametrize(
    ("stage", "fields"),
    [
        ("generate", {"culture": "japan", "base_url": "http://gpu1/v1", "teacher": "org/m"}),
        ("export", {"run": "japan", "out": "all"}),
        ("train", {"settings": ["lora.dropout=.5"]}),
        ("eval-wvs", {}),
    ],
)
def test_what_a_client_has_sent_is_carried_out(rules: FieldRules, stage: str, fields: dict[str, Any]) -> None:
    config_type = STAGES[stage].config_type
    config = rules.resolve(config_type, fields)
    rules.require_sent(config_type, json.loads(json.dumps(config.model_dump(mode="json", exclude_unset=True))))


def test_a_job_that_came_with_the_folder_runs_no_program_of_it(tmp_path: Path) -> None:
    service = make_service(plan(ServeConfig(free=0), _workspace(tmp_path)), ignore)

    async def ended() -> Job:
        service.jobs.begin()
        async for _ in service.jobs.events(ID).follow(0, lambda: service.jobs.table.get(ID).is_ended):
            pass
        await service.jobs.drain(0)
        return service.jobs.table.get(ID)

    folder = service.jobs.folder(ID)
    folder.mkdir(parents=True)
    (folder / JOB).write_text(json.dumps({"stage": "generate", "config": {"vllm": str(tmp_path / "evil.sh")}}))
    service.jobs.table.add(_job(ID))
    job = asyncio.run(ended())
    service.jobs.table.close()
    assert (job.state, job.error.partition(":")[0]) == ("failed", "vllm")


def test_a_job_names_no_folder(tmp_path: Path) -> None:
    table = JobTable(tmp_path)
    table.add(_job("../../escaped"))
    with pytest.raises(StoreError, match="holds a damaged job"):
        table.take("gpu")
    table.close()


@pytest.mark.parametrize("tamper", ["readable", "link"])
def test_a_folder_that_others_may_have_filled_is_refused(tmp_path: Path, tamper: str) -> None:
    folder = tmp_path / "service"
    TokenFile(folder).add("eve", "run", None)
    if tamper == "link":
        folder.rename(tmp_path / "other")
        folder.symlink_to(tmp_path / "other")
    else:
        folder.chmod(0o755)  # as git and most archives leave it
    with pytest.raises(StoreError, match="give"):
        make_own_folder(folder)


def test_tokens_that_others_can_read_let_nobody_in(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "service")
    secret = tokens.add("eve", "run", None)
    tokens.path.chmod(0o644)
    for known in (tokens, TokenFile(tmp_path / "service")):  # one that has read the file before, and one that has not
        with pytest.raises(StoreError, match="open to other users"):
            known.holder(secret)
    tokens.path.chmod(0o600)
    assert tokens.holder(secret) is not None


def test_who_has_a_token_is_said_before_the_service_starts(tmp_path: Path) -> None:
    TokenFile(_workspace(tmp_path) / "service").add("eve", "run", None)
    assert "May use it by a token: eve (run)." in plan(ServeConfig(), tmp_path).notes


def _workspace(folder: Path) -> Path:
    (folder / "clca.toml").touch()
    (folder / "service").mkdir(mode=0o700, exist_ok=True)
    return folder


def _job(name: str) -> Job:
    values: Mapping[str, Any] = {"id": name, "stage": "generate", "resource": "gpu", "state": "queued"}
    return Job.model_construct(**values, submitted_by="eve", created=0.0)


def test_a_folder_of_results_that_a_link_leads_to_is_not_served(tmp_path: Path) -> None:
    workspace, elsewhere = tmp_path / "workspace", tmp_path / "elsewhere"
    (elsewhere / "run").mkdir(parents=True)
    (elsewhere / "run" / "secret.json").touch()
    (workspace / "generated").mkdir(parents=True)
    (workspace / "generated" / "run").symlink_to(elsewhere / "run")
    (workspace / "japan").symlink_to(elsewhere)
    for folder in ("generated/run", "japan/run"):
        assert list_files(workspace, (folder,)) == []
        with pytest.raises(NotFoundError):
            send_file(workspace, (folder,), f"{folder}/secret.json", Conditions())


@pytest.mark.parametrize("attack", ["name", "depth"])
def test_files_of_results_that_nobody_can_name_hide_no_others(tmp_path: Path, attack: str) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").touch()
    if attack == "name":
        Path(os.fsdecode(os.fsencode(run) + b"/\xff.json")).touch()
        assert [entry.path for entry in list_files(tmp_path, ("run",))] == ["run/run.json"]
    else:
        run.joinpath(*["d"] * 101).mkdir(parents=True)
        with pytest.raises(StoreError, match="100 deep"):
            list_files(tmp_path, ("run",))


@pytest.mark.parametrize("change", [{"culture": "\ud800"}, {"created": "\udc80"}, {"reasons": {"\udc80": 1}}])
def test_half_a_character_of_a_run_hides_no_others(tmp_path: Path, change: dict[str, Any]) -> None:
    for name in ("evil", "good"):
        (tmp_path / "japan" / name).mkdir(parents=True)
        (tmp_path / "japan" / name / "run.json").write_text(json.dumps({} if name == "good" else change))
    listed = RunList(tmp_path).newest_first()
    assert ([run.name for run in listed.runs], [run.name for run in listed.unreadable]) == (
        ["japan/good"],
        ["japan/evil"],
    )


def test_half_a_character_of_a_dialogue_hides_no_others(tmp_path: Path) -> None:
    lines = ({"id": "\ud800"}, {"id": "\udc80"}, {"id": "odd", "ended": "\udcff"}, {"id": "good"})
    (tmp_path / "dialogues.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    index = RunIndex(tmp_path / "index.sqlite", tmp_path)
    assert index.refresh() == 2
    db = index.reader()
    assert [entry.id for entry in page(db, Filters(), {}, 0, 9).dialogues] == ["odd", "good"]
    assert dialogue(index, db, "odd", {}).model_dump_json()
    db.close()


def test_words_of_a_list_are_short() -> None:
    long = dict.fromkeys(("reason", "culture", "ended"), "x" * 2**20)
    entry = entry_of(json.dumps({"id": "d", "scenario": {"setting": "x" * 2**20}, **long}).encode())
    assert entry is not None
    assert max(map(len, (entry.reason, entry.culture, entry.ended, entry.title))) <= LONGEST_TITLE


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    """A folder of another user's, which may take the place of the service's at any moment."""
    if os.geteuid():
        pytest.skip("only root can become another user")
    folder = tmp_path / "taken"
    folder.mkdir(mode=0o700)
    (folder / JOB).write_text("{}")
    for path in (folder / JOB, folder):
        os.chown(path, 4242, 4242)
    return folder


@pytest.mark.parametrize("whose", ["the folder", "the file", "a link"])
def test_a_job_of_another_user_is_not_carried_out(tmp_path: Path, taken: Path, whose: str) -> None:
    if whose != "the folder":
        os.chown(taken, os.geteuid(), os.getegid())
    if whose == "a link":
        (taken / JOB).rename(tmp_path / "x.json")
        (taken / JOB).symlink_to(tmp_path / "x.json")
    with pytest.raises((StoreError, OSError)):
        read_own(taken, JOB)


def test_tokens_are_those_of_the_file_that_was_looked_at(
    tmp_path: Path, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, theirs = TokenFile(tmp_path / "service"), TokenFile(taken)
    tokens.add("ana", "read", None)
    os.chown(taken, os.geteuid(), os.getegid())
    secret = theirs.add("eve", "run", None)
    for path in (theirs.path, taken):
        os.chown(path, 4242, 4242)
    look = access.require_own

    def swapped(path: Path, about: os.stat_result) -> None:
        look(path, about)
        if not (tmp_path / "moved").exists():
            (tmp_path / "service").rename(tmp_path / "moved")
            taken.rename(tmp_path / "service")

    monkeypatch.setattr(access, "require_own", swapped)
    fresh = TokenFile(tmp_path / "service")
    with pytest.raises(StoreError, match="may be another user's"):
        fresh.holder(secret)
