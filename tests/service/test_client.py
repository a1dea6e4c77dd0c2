"""`clca.Client`: the functions of `clca`, carried out by a service in a process of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import clca
from clca.client.connection import ServiceError
from clca.errors import NotFoundError, SettingsError, StoreError
from clca.generation.config import GenerateConfig
from clca.generation.result import GenerationResult
from clca.progress import Note, Progress
from tests.service.page_runs import dialogue, write_run
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


def test_a_dialogue_is_asked_for_whatever_its_id_is_and_runs_that_cannot_be_read_are_named(
    client: clca.Client, served: Served
) -> None:
    ids = ("a/b", "50 % of 日本", "a%2Fb", "x/reviews", "a\nb")
    write_run(served.folder, "mexico/odd", [dialogue(number, id=id) for number, id in enumerate(ids)])
    assert [summary["id"] for summary in client.dialogues("mexico/odd")] == list(ids)
    for id in ids:
        assert client.dialogue("mexico/odd", id)["record"]["id"] == id
        assert client.review("mexico/odd", id, comment="Hm.")["reviews"][0]["id"] == id
    assert client.unreadable_runs() == (0, [])
    torn = write_run(served.folder, "mexico/torn", []) / "run.json"
    torn.write_text("{")
    try:
        count, (run,) = client.unreadable_runs()
        assert (count, run["name"]) == (1, "mexico/torn")
    finally:
        torn.unlink()


@pytest.mark.parametrize(
    ("url", "token", "warns"),
    [
        ("http://gpu1:8321", "clca_x", True),
        ("https://gpu1:8321", "clca_x", False),
        ("http://gpu1:8321", None, False),
        ("http://127.0.0.1:8321", "clca_x", False),
        ("http://localhost:8321", "clca_x", False),
        ("http://127.evil.example", "clca_x", True),
    ],
)
def test_a_token_that_crosses_the_network_unencrypted_is_warned_of(
    url: str, token: str | None, warns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLCA_SERVICE_TOKEN", raising=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            clca.Client(url, token).close()
    words = [f"{url}: the token crosses the network unencrypted: use https://, or a tunnel"]
    assert [str(warning.message) for warning in caught] == (words if warns else [])


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
