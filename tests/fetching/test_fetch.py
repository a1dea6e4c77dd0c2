"""`clca data fetch` against servers of this machine: what comes is what trainings, evaluations and imports read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.content.parsing import parse_yaml
from clca.errors import ClcaError, NotFoundError, SettingsError, StoreError
from clca.fetching import http
from clca.fetching.fetch import FetchResult, fetch
from clca.fetching.http import FetchError, Home
from clca.fetching.hub import local_names
from clca.fetching.mediawiki import plain_text
from clca.fetching.sources import load_sources
from clca.fetching.store import RECORD
from clca.training.examples import Text
from clca.training.s2n_sources import load_s2n_sources
from clca.training.sources.math import gsm8k, mathchat
from clca.training.sources.wiki import wiki
from tests.cli_process import clca, last_json
from tests.fetching.homes import NEWER, Homes, served, workspace
from tests.training.material import ARABIC, made, material

EXTRACT = (
    "Lead with 日本.\n\n\n== Food ==\nRice.\n\n\n=== See also ===\nA link\n\n\n==== More ====\nLinks\n\n\n"
    "== Houses ==\nWood."
)
TRAIN, TEST = (b'{"question": "1 + 1?", "answer": "#### 2"}\n' * count for count in (400, 3))
MATHCHAT = {
    "follow_up.jsonl": {"followup": "A: And 2 + 2?\nB: 4."},
    "P2P_Generation.jsonl": {"new_problem": "New Problem: 3 + 3? Solution: 6"},
    "error_correction.jsonl": {"error_correction": "A: 1 + 1?\nB: 3.\nA: No.\nB: 2."},
    "error_analysis.jsonl": {"error_correction": "A: 1 + 1?\nB: 3.\nA: That is wrong: it is 2."},
}


@pytest.fixture
def homes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Homes]:
    monkeypatch.setattr(http, "PAUSE", 0.0)
    problem = {"question": "1 + 1?", "answer": "#### 2"}
    files = {
        "openai/grade-school-math": {
            "README.md": b"",
            "grade_school_math/data/train.jsonl": TRAIN,
            "grade_school_math/data/test.jsonl": TEST,
        },
        "Zhenwen-NLP/MathChat": {
            f"MathChat Benchmark/{name}": json.dumps({**problem, **more}).encode() for name, more in MATHCHAT.items()
        },
    }
    with served(Homes(files=files)) as running:
        yield running


@pytest.fixture
def content(tmp_path: Path, homes: Homes) -> Content:
    return Content(workspace(tmp_path / "study", homes))


def brought(name: str, content: Content, **options: Any) -> FetchResult:
    return fetch(name, content, pause=0.0, **options)


def recorded(result: FetchResult) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((result.folder / RECORD).read_text())
    return record


# ---------------------------------------------------------------- Wikipedia


@pytest.fixture
def pages(homes: Homes, content: Content) -> dict[str, str]:
    homes.pages = {entry.wikipedia: EXTRACT for entry in load_s2n_sources(content).values()}
    return homes.pages


def test_the_pages_of_all_cultures_come_as_training_reads_them(
    homes: Homes, content: Content, pages: dict[str, str]
) -> None:
    result = brought("wiki", content, contact="me@university.example")
    assert result.fetched == len(pages) == 10
    files = {"wiki": f"{result.folder}/{{culture}}.jsonl"}
    (example,) = made(wiki(material(cultures=(ARABIC,), mix="wiki", files=files)))
    assert isinstance(example.body, Text)
    assert example.body.answer == " Lead with 日本. Rice. Wood."
    germany = recorded(result)["files"]["germany.jsonl"]
    assert germany["revision"] == 1018
    assert germany["origin"] == "https://wiki.example/wiki/Culture_of_Germany?oldid=1018"
    assert "CC BY-SA 4.0" in recorded(result)["licence"]
    agents = {headers["User-Agent"] for _, _, headers in homes.asked}
    assert len(agents) == 1
    assert "me@university.example" in agents.pop()


def test_pages_that_are_here_are_not_asked_for_again(homes: Homes, content: Content, pages: dict[str, str]) -> None:
    brought("wiki", content)
    (content.workspace or Path()).joinpath("data/wiki/spa.jsonl").unlink()
    homes.asked.clear()
    assert brought("wiki", content).fetched == 1
    assert len(homes.asked) == 1
    assert brought("wiki", content, new=True).fetched == 10


def test_a_page_that_is_not_there_is_named(homes: Homes, content: Content, pages: dict[str, str]) -> None:
    del pages["Culture of Korea"]
    with pytest.raises(FetchError, match="no page 'Culture of Korea' with text"):
        brought("wiki", content)
    assert (content.workspace or Path()).joinpath("data/wiki/germany.jsonl").is_file()


def test_sections_of_references_are_left_out_with_what_is_in_them() -> None:
    assert plain_text(EXTRACT) == "Lead with 日本.\n\nRice.\n\nWood."


# ---------------------------------------------------------------- politeness


LAG = json.dumps({"error": {"code": "maxlag", "info": "Waiting for a server: 7 seconds lagged."}})


@pytest.mark.parametrize(
    ("refusal", "waited"),
    [
        ((200, {"Retry-After": "7"}, LAG), 7.0),
        ((429, {"Retry-After": "9"}, ""), 9.0),
        ((503, {"Retry-After": "100000"}, ""), http.LONGEST_WAIT),
        ((503, {}, ""), 2.0),
    ],
)
def test_a_server_gets_the_time_that_it_asks_for(
    homes: Homes, refusal: tuple[int, dict[str, str], str], waited: float
) -> None:
    from clca.fetching.mediawiki import _lag

    homes.pages, homes.refusals = {"Here": "text"}, [refusal]
    waits: list[float] = []
    query = {"action": "query", "titles": "Here", "maxlag": "5"}
    with Home(f"{homes.url}/w/api.php", pause=0.0, sleep=waits.append) as home:
        assert home.json("", query, _lag)["query"]["pages"][0]["title"] == "Here"
    assert waits == [waited]


def test_a_server_that_is_always_busy_is_given_up(homes: Homes) -> None:
    homes.refusals = [(503, {"Retry-After": "1"}, "")] * 20
    with (
        Home(homes.url, pause=0.0, sleep=lambda _: None) as home,
        pytest.raises(FetchError, match="answers 503, 6 times; repeat the command later"),
    ):
        home.json("/repos", {})


def test_requests_to_a_server_are_apart(homes: Homes) -> None:
    homes.pages = {"Here": "text"}
    waits: list[float] = []
    query = {"action": "query", "titles": "Here", "maxlag": "5"}
    with Home(f"{homes.url}/w/api.php", pause=1.0, sleep=waits.append) as home:
        home.json("", query)
        home.json("", query)
    (wait,) = waits
    assert 0.5 < wait <= 1.0


# ---------------------------------------------------------------- GitHub


def test_problems_come_as_training_reads_them(content: Content) -> None:
    result = brought("gsm8k", content)
    assert (result.fetched, recorded(result)["commit"]) == (2, "1" * 40)
    train = result.folder / "train.jsonl"
    assert len(list(gsm8k(material(mix="gsm8k", files={"gsm8k": str(train)})))) == 400
    result = brought("mathchat", content)
    assert len(list(mathchat(material(mix="mathchat", files={"mathchat": str(result.folder)})))) == 4


def test_a_file_that_broke_off_goes_on_where_it_did(homes: Homes, content: Content) -> None:
    homes.broken = {"train.jsonl": 5000}
    with pytest.raises(FetchError):
        brought("gsm8k", content)
    homes.asked.clear()
    result = brought("gsm8k", content)
    assert (result.folder / "train.jsonl").read_bytes() == TRAIN
    (went_on,) = (headers["Range"] for _, path, headers in homes.asked if path.endswith("train.jsonl"))
    assert went_on == "bytes=5000-"
    assert homes.paths("/repos/openai/grade-school-math/commits") == []  # the commit is that of before
    assert sorted(path.name for path in result.folder.iterdir()) == [RECORD, "test.jsonl", "train.jsonl"]


def test_what_is_not_what_the_repository_has_is_not_kept(homes: Homes, content: Content) -> None:
    homes.changed = {"grade_school_math/data/train.jsonl": TRAIN.replace(b"2", b"3")}
    with pytest.raises(FetchError, match="what came is not what the repository has"):
        brought("gsm8k", content)
    folder = (content.workspace or Path()) / "data/gsm8k"
    assert not list(folder.glob("train*"))


def test_a_newer_commit_is_taken_when_it_is_asked_for(homes: Homes, content: Content) -> None:
    brought("gsm8k", content)
    homes.commit = NEWER
    homes.files["openai/grade-school-math"]["grade_school_math/data/test.jsonl"] = TEST * 2
    assert brought("gsm8k", content).record.commit == "1" * 40
    result = brought("gsm8k", content, new=True)
    assert (result.record.commit, result.fetched) == (NEWER, 2)
    assert (result.folder / "test.jsonl").read_bytes() == TEST * 2


def test_a_file_that_the_repository_lacks_is_named(homes: Homes, content: Content) -> None:
    del homes.files["openai/grade-school-math"]["grade_school_math/data/test.jsonl"]
    with pytest.raises(FetchError, match=r"has no file grade_school_math/data/test\.jsonl any more"):
        brought("gsm8k", content)


def test_a_list_that_is_cut_off_is_not_taken_for_all_files(homes: Homes, content: Content) -> None:
    homes.truncated = True
    with pytest.raises(FetchError, match="does not list all files of openai/grade-school-math"):
        brought("gsm8k", content)


def test_a_server_that_was_asked_too_often_is_told_from_one_without_the_file(homes: Homes, content: Content) -> None:
    homes.refusals = [(403, {}, "rate limit exceeded")]
    with pytest.raises(FetchError, match="answers 403; if it was asked too often"):
        brought("gsm8k", content)


def test_a_file_of_the_users_is_not_replaced(content: Content) -> None:
    folder = (content.workspace or Path()) / "data/gsm8k"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_text("mine")
    with pytest.raises(StoreError, match=r"train\.jsonl is not as a fetch wrote it"):
        brought("gsm8k", content)
    assert (folder / "train.jsonl").read_text() == "mine"


def test_the_test_sets_and_the_survey_of_s2n_come_as_their_imports_read_them(homes: Homes, content: Content) -> None:
    document = parse_yaml("public.yaml", content.text("eval/offense/public.yaml"))
    tests = {f"data/{entry['path']}": b"{}\n" for entry in document["files"]}
    trained = {f"data/{entry.culturellm}": b"{}\n" for entry in load_s2n_sources(content).values()}
    more = {"data/WVQ.jsonl": b"{}\n", "data/new_WVQ_1.jsonl": b"{}\n", "data/other.jsonl": b"{}\n"}
    homes.files["Scarelette/CultureLLM"] = {**tests, **trained, **more}
    result = brought("offense", content)
    assert len(tests) == 60
    assert set(result.record.files) == set(tests)
    result = brought("culturellm", content)
    assert set(result.record.files) == {*trained, *more} - {"data/other.jsonl"}


# ---------------------------------------------------------------- the hub


def test_a_data_set_of_the_hub_comes_at_one_commit(homes: Homes, content: Content, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    homes.files["cais/mmlu"] = {
        "README.md": b"",
        **{f"all/{split}-00000-of-00001.parquet": split.encode() for split in ("test", "dev", "validation")},
        "all/auxiliary_train-00000-of-00001.parquet": b"large",
    }
    cache = str(tmp_path / "hub")
    environment = {"HF_HOME": cache, "HF_HUB_CACHE": cache, "HF_ENDPOINT": homes.url}
    result = brought("mmlu", content, environment=environment)
    assert sorted(result.record.files) == [f"{split}-00000-of-00001.parquet" for split in ("dev", "test", "validation")]
    assert (result.folder / "dev-00000-of-00001.parquet").read_bytes() == b"dev"
    assert result.record.commit == "1" * 40
    homes.asked.clear()
    assert brought("mmlu", content, environment=environment).fetched == 0
    assert homes.paths("/datasets") == []


def test_files_of_one_name_in_several_folders_of_the_hub_are_all_here(
    homes: Homes, content: Content, tmp_path: Path
) -> None:
    pytest.importorskip("huggingface_hub")
    homes.files["cais/mmlu"] = {f"{folder}/test-0.parquet": folder.encode() for folder in ("all", "astronomy")}
    homes.files["cais/mmlu"] |= {f"all/{split}-0.parquet": split.encode() for split in ("dev", "validation")}
    assert content.workspace is not None
    sources = content.workspace / "eval/sources.yaml"
    sources.write_text(content.text("eval/sources.yaml").replace("all/test-*", "a*/test-*"), encoding="utf-8")
    cache = str(tmp_path / "hub")
    environment = {"HF_HOME": cache, "HF_HUB_CACHE": cache, "HF_ENDPOINT": homes.url}
    result = brought("mmlu", Content(content.workspace), environment=environment)
    assert {name: (result.folder / name).read_bytes() for name in result.record.files} == {
        "all-test-0.parquet": b"all",
        "astronomy-test-0.parquet": b"astronomy",
        "dev-0.parquet": b"dev",
        "validation-0.parquet": b"validation",
    }


def test_files_that_would_still_be_one_are_refused() -> None:
    with pytest.raises(FetchError, match="two files would both be called a-x: name fewer files"):
        local_names(["a-x", "a/x", "b/x"])


def test_the_hub_is_not_asked_where_requests_are_forbidden(content: Content) -> None:
    with pytest.raises(SettingsError, match="forbids requests to the hub"):
        brought("normad", content, environment={"HF_HUB_OFFLINE": "1"})


# ---------------------------------------------------------------- what there is


def test_every_source_has_a_licence_a_citation_and_a_command_that_uses_it(content: Content) -> None:
    sources = load_sources(Content())
    assert set(sources) >= {"wiki", "normad", "gsm8k", "mathchat", "mmlu", "offense", "wvs"}
    assert all(source.next.startswith("clca ") for source in sources.values())
    with pytest.raises(NotFoundError, match="did you mean gsm8k"):
        brought("gsm8", content)


def test_what_may_not_be_passed_on_is_fetched_by_a_person(tmp_path: Path, content: Content) -> None:
    with pytest.raises(ClcaError, match="may not be passed on"):
        brought("wvs", content)
    done = clca(tmp_path, "data", "fetch", "wvs")
    assert done.returncode == 1
    assert "1. open the page above" in done.stdout
    assert "clca data import-wvs" in done.stdout
    done = clca(tmp_path, "data", "fetch", "--json")
    assert last_json(done.stdout)["name"] == "wvs"
