"""`clca.Client`: the functions of `clca`, carried out by a service in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import clca
from clca.client.connection import ServiceError
from clca.errors import NotFoundError, SettingsError, StoreError
from clca.generation.config import GenerateConfig
from clca.generation.result import GenerationResult
from clca.progress import Note, Progress
from tests.service.served import SMALL, Served


@pytest.fixture
def client(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[clca.Client]:
    monkeypatch.chdir(tmp_path)
    with clca.Client(served.url, patience=0) as made:
        yield made


def test_a_function_returns_what_that_of_clca_returns_with_its_files_here(
    client: clca.Client, served: Served, finished: str, tmp_path: Path
) -> None:
    events: list[Progress | Note] = []
    result = client.generate(GenerateConfig(**SMALL), progress=events.append)  # type: ignore[arg-type]
    assert isinstance(result, GenerationResult)
    assert result.folder == Path(served.http.get(f"/v1/jobs/{finished}").json()["folders"][0])
    ids = {dialogue.id for dialogue in (*result.dialogues(), *result.discarded_dialogues())}
    assert len(ids) == result.requested == 2
    assert (tmp_path / result.folder / "run.json").read_bytes() == (
        served.folder / result.folder / "run.json"
    ).read_bytes()
    assert events
    assert client.result(finished) == result


def test_results_may_go_elsewhere_and_replace_nothing_of_the_user_s(
    served: Served, finished: str, tmp_path: Path
) -> None:
    with clca.Client(served.url, folder=tmp_path / "fetched") as elsewhere:
        elsewhere.fetch(finished)
        result = elsewhere.result(finished)
        assert result.folder.is_relative_to(tmp_path / "fetched")
        kept = result.folder / "dialogues.jsonl"
        whole, _ = kept.read_bytes(), kept.unlink()
        elsewhere.fetch(finished)
        assert kept.read_bytes() == whole
        (tmp_path / "fetched" / ".clca-fetched.json").unlink()
        kept.write_text("mine")
        with pytest.raises(StoreError, match="would be replaced, and was not fetched"):
            elsewhere.fetch(finished)
        assert kept.read_text() == "mine"


def test_jobs_and_dialogues_are_looked_at(client: clca.Client, finished: str) -> None:
    assert finished in [job.id for job in client.jobs(stage="generate", state="completed")]
    (run,) = [run for run in client.runs("japan") if run["fingerprint"] == finished]
    listed = list(client.dialogues(run["name"], size=1))
    assert len(listed) == 2
    assert client.dialogue(run["name"], listed[0]["id"])["record"]["id"] == listed[0]["id"]
    kinds = [kind for _, kind, _ in client.events(finished)]
    assert kinds[0] == kinds[-1] == "state"


def test_errors_are_those_of_clca_in_one_line(client: clca.Client, served: Served) -> None:
    with pytest.raises(SettingsError, match=r"^scenaros: no such setting; did you mean scenarios\?"):
        client.plan("generate", scenaros=2)
    with pytest.raises(SettingsError, match=r"^out: the server chooses"):
        client.submit("generate", culture="japan", out="elsewhere")
    with pytest.raises(SettingsError, match="give a GenerateConfig or its fields, not both: culture"):
        client.generate(GenerateConfig(), culture="japan")
    with pytest.raises(NotFoundError, match="no such job"):
        client.job("ab" * 32)
    with pytest.raises(AttributeError, match="a service has no generat; there are"):
        client.generat  # noqa: B018
    assert {"generate", "eval_wvs", "study"} <= set(dir(client))
    with (
        clca.Client("http://127.0.0.1:9", patience=0) as nobody,
        pytest.raises(ServiceError, match="does not answer: "),
    ):
        nobody.job("ab" * 32)
