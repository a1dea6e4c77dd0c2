"""`clca show`, `clca cultures`, `clca content`: what a reader sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.cli import app
from clca.errors import ClcaError, NotFoundError, SettingsError
from tests.cli_process import clca, only_run, records


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show")
    assert clca(folder, "generate", "--culture", "germany", "--scenarios", "30").returncode == 0
    return folder


def test_runs_are_listed(folder: Path) -> None:
    run = only_run(folder, "germany")
    listed = clca(folder, "show")
    assert f"germany/{run.name}" in listed.stdout
    (line,) = map(json.loads, clca(folder, "show", "--json").stdout.splitlines())
    assert line["counts"]["requested"] == 60


@pytest.mark.parametrize("name", ["germany", "generated/germany/{run}", "germany/{run}", "{run}"])
def test_run_is_found_by_any_of_its_names(folder: Path, name: str) -> None:
    run = only_run(folder, "germany")
    done = clca(folder, "show", name.format(run=run.name), "--kept", "--limit", "5")
    ids = [record["id"] for record in records(run)]
    assert [line.split()[0] for line in done.stdout.splitlines()[1:6]] == ids[:5]


def test_kept_dialogue_shows_goals_actions_intents_and_verdict(folder: Path) -> None:
    record = records(only_run(folder, "germany"))[0]
    shown = clca(folder, "show", "germany", record["id"]).stdout
    flat = " ".join(shown.split())
    assert record["scenario"]["setting"] in flat
    for person in record["scenario"]["participants"]:
        assert f"Goal: {person['goal']}" in flat
    for turn in record["turns"]:
        assert " ".join(turn["text"].split()) in flat
        assert turn["intent"]["text"] in flat
        assert f"thinks: {turn['thought']}" in flat
        assert all(f"custom: {custom}" in flat for custom in turn["intent"]["customs"])
    for name in ("quality", "alignment", "meta"):
        assert f"{name}: {record['judgement'][name]['label']}" in flat
    assert flat.endswith("Verdict: kept")
    assert json.loads(clca(folder, "show", "germany", record["id"], "--json").stdout) == record


def test_discarded_dialogue_shows_why(folder: Path) -> None:
    record = records(only_run(folder, "germany"), "discarded.jsonl")[0]
    shown = clca(folder, "show", "germany", record["id"]).stdout
    assert f"discarded  {record['reason']}" in shown


def test_culture_shows_scores_position_and_manners() -> None:
    shown = clca(Path.cwd(), "cultures", "show", "JPN").stdout
    assert "power distance (PDI)              54  " in shown
    assert "@japan" in shown
    assert "EVS/WVS Cultural Map 2023, Japan 2019" in shown


def test_missing_scores_are_said_so() -> None:
    shown = clca(Path.cwd(), "cultures", "show", "iraq").stdout
    assert "power distance (PDI)            missing" in shown
    proxy = clca(Path.cwd(), "cultures", "show", "arabic").stdout
    assert "a regional row used as a proxy" in proxy
    listed = [json.loads(line) for line in clca(Path.cwd(), "cultures", "list", "--json").stdout.splitlines()]
    assert {culture["id"]: culture["missing"] for culture in listed}["jordan"] == ["PDI", "IDV", "MAS", "UAI"]
    assert len(listed) == 16
    assert {culture["id"]: culture["read_by"] for culture in listed}["jordan"] == []
    assert "not read by a native reader (`clca content review iraq`)" in " ".join(shown.split())


def test_workspace_content_is_shown_with_its_origin(tmp_path: Path) -> None:
    clca(tmp_path, "init", ".")
    clca(tmp_path, "content", "copy", "prompts/judge.j2")
    lines = clca(tmp_path, "content", "list", "prompts/*.j2", "--json").stdout.splitlines()
    origins = {one["path"]: one["origin"] for one in map(json.loads, lines)}
    assert origins["prompts/judge.j2"] == "workspace"
    assert origins["prompts/turn.j2"] == "package"
    assert clca(tmp_path, "content", "show", "prompts/judge.j2").stdout == (tmp_path / "prompts/judge.j2").read_text()
    done = clca(tmp_path, "content", "check")
    assert done.returncode == 0
    assert "Not read by a native reader (`clca content review`): argentina, bangladesh," in " ".join(
        done.stdout.split()
    )


def test_template_of_a_workspace_names_every_setting(tmp_path: Path) -> None:
    """All settings of the template, uncommented, are settings; and none is left out."""
    import re
    import tomllib

    from clca.generation.config import GenerateConfig

    clca(tmp_path, "init", ".")
    text = (tmp_path / "clca.toml").read_text()
    table = tomllib.loads(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE))["generate"]
    assert set(table) == set(GenerateConfig.model_fields) - {"new"}
    defaults = GenerateConfig()
    limits = ("max_exchanges", "max_reply_attempts", "max_http_attempts", "timeout")
    given = {key: table[key] for key in ("samples", "seed", "partner_background", "leave_rule", "top_p", *limits)}
    assert given == {key: getattr(defaults, key) for key in given}


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs of Japan that hold the same dialogue, and one of the UK."""
    monkeypatch.chdir(tmp_path)
    for name, created in (("japan/old", 1), ("japan/new", 2), ("uk/only", 3)):
        folder = tmp_path / "generated" / name
        folder.mkdir(parents=True)
        culture = name.partition("/")[0]
        info = {"culture": culture, "created": str(created), "finished": True, "counts": {"failed": 1}}
        (folder / "run.json").write_text(json.dumps(info))
        (folder / "dialogues.jsonl").write_text(json.dumps({"id": f"{culture}-shop-1", "turns": [], "of": name}) + "\n")
    return tmp_path


def show(*arguments: str) -> None:
    app(["show", *arguments], standalone_mode=False)


def test_an_id_is_searched_in_all_runs(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show("uk-shop-1", "--json")
    assert json.loads(capsys.readouterr().out)["of"] == "uk/only"
    for arguments in (("japan-shop-1",), ("japan", "shop-1")):
        show(*arguments, "--json")
        shown = capsys.readouterr()
        assert json.loads(shown.out)["of"] == "japan/new"
        assert shown.err == (
            "Takes for japan-shop-1: generated/japan/new, the newest of 2 runs that hold it; not taken:"
            " generated/japan/old\n"
        )
    with pytest.raises(NotFoundError, match="nor is there a dialogue of this id in any run"):
        show("peru-shop-1")


def test_the_run_that_is_shown_of_several_is_named(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show("japan")
    warning = capsys.readouterr().err
    assert warning.startswith(
        "Takes for japan: generated/japan/new, the newest of 2 runs; not taken: generated/japan/old"
    )


def test_of_more_differences_than_are_shown_the_rest_is_counted(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, teacher in (("old", "rehearsal"), ("new", "served")):
        file = runs / "generated/japan" / name / "run.json"
        inputs = {"samples": 1, "teacher": teacher, "partner": teacher, "judge": teacher, "seed": len(teacher)}
        file.write_text(json.dumps({**json.loads(file.read_text()), "inputs": inputs}))
    show("japan")
    assert " 1 more difference)" in " ".join(capsys.readouterr().err.split())


def test_a_run_that_cannot_be_read_is_named(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "generated/uk/only/run.json").write_text("{")
    show("--json")
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 2
    assert shown.err.startswith("Warning: cannot read generated/uk/only/run.json (")


def test_a_retry_does_not_choose_among_runs_with_failures(runs: Path) -> None:
    with pytest.raises(SettingsError, match=r"^japan has 2 runs with failed dialogues: .*old, .*new; give one"):
        app(["retry", "japan", "--failed"], standalone_mode=False)


def test_the_run_that_is_retried_is_named_where_none_has_failures(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("old", "new"):
        file = runs / "generated/japan" / name / "run.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "counts": {"failed": 0}}))
    with pytest.raises(ClcaError):  # it has no settings
        app(["retry", "japan", "--failed"], standalone_mode=False)
    assert capsys.readouterr().err.startswith("Takes for japan: generated/japan/new, the newest of 2 runs; not taken: ")
