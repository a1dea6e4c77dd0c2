"""What an evaluation asks of whom, and by whom it is answered: stop_condition before anything is loaded."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clca.cli.views.evaluation import evaluate
from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.evaluated_model import base_id
from clca.evaluation.model_loading import require_memory
from clca.evaluation.model_selection import choose_by_culture, choose_served_by_culture, find
from clca.evaluation.predictor import local_tokenizer
from clca.evaluation.wvs.config import WvsConfig
from clca.evaluation.wvs.plan import WvsPlan, plan
from clca.evaluation.wvs.suite import load_suite
from clca.inference.hardware import Gpu, Machine
from clca.models.adapter import TrainedAdapter, read_adapter
from clca.models.student import Student
from clca.stages import resolve_config
from tests.evaluation.test_evaluated_model import weights
from tests.models.students import TEMPLATES
from tests.models.students import student as chat_student
from tests.training.jobs import tiny_student

GIB = 2**30


@pytest.fixture(scope="module")
def cache(cache_home: Path) -> Path:
    return cache_home


@pytest.fixture(scope="module")
def tiny(cache: Path) -> Student:
    return tiny_student(cache)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to be in: adapters lie below the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr("clca.evaluation.wvs.questionnaire.has_chat_template", lambda student: True)
    return tmp_path


def adapter(student: Student, name: str = "tiny-wvs", culture: str = "japan", **changes: Any) -> TrainedAdapter:
    """The folder of a finished adapter, as far as anything is looked at before it is loaded."""
    folder = Path("adapters") / culture / name
    folder.mkdir(parents=True)
    mix, bits = changes.pop("mix", "clca"), changes.pop("bits", 4)
    source = Path(changes.pop("source", student.source)).name
    said = {
        "created": f"2026-01-0{len(list(Path('adapters').glob('*/*')))}T00:00:00+00:00",
        "cultures": [culture],
        "rehearsal": True,
        "because": ["the student is tiny"],
        "student": {"name": student.name, "source": source, "revision": None, "tiny": student.tiny},
        "recipe": {"name": "tiny", "data": {"mix": mix}, "base": {"bits": bits}, "lora": {"r": 1, "alpha": 1}},
        "recipe_sha256": "0",
        "lineage": [{"run": "generated/japan/run-1", "fingerprint": "f1", "dialogues": 1, "sha256": "0"}],
        **{part: {"rows": {}, "tokens": {}, "trained": {}, "cut": {}, "dropped": {}, "sha256": "0"} for part in PARTS},
        **dict.fromkeys(("examples", "rows", "steps", "loss", "seconds", "tokens_per_second", "processes"), 1),
        **dict.fromkeys(("eval_loss", "best_step")),
        "content": {},
        "losses": [],
        "device": "cpu",
        "compute": "fp32",
        "versions": {},
        **changes,
    }
    (folder / "adapter.json").write_text(json.dumps(said))
    (folder / "adapter_model.safetensors").write_bytes(weights(name))
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": student.source}))
    return read_adapter(folder)


PARTS = ("train", "held_out")
CLCA_RECIPE = {"name": "clca", "data": {"mix": "clca"}, "base": {"bits": 4}}


def planned(workspace: Path | None = None, **fields: Any) -> WvsPlan:
    return plan(resolve_config(WvsConfig, {"culture": ("japan",), "respondents": 5, **fields}, {}), workspace)


def refusal(**fields: Any) -> str:
    with pytest.raises((SettingsError, NotFoundError)) as caught:
        planned(**fields)
    assert "\n" not in caught.value.message
    return caught.value.message


# ---------------------------------------------------------------- who is asked what


def test_by_default_the_tiny_student_answers_for_a_hundred_synthetic_people() -> None:
    one = planned(respondents=None)
    assert (one.model.name, one.inference.mode, one.format, one.synthetic) == (
        "tiny",
        "probability",
        "chat",
        True,
    )
    assert [(group.method, bool(group.respondent)) for group in one.request_groups] == [
        *[("persona", True)] * 100,
        ("cultural", False),
    ]
    assert one.prompts == 101 * 44
    assert one.folder.parent == Path("evaluations/wvs")
    assert one.folder.name.startswith("tiny-japan-")


def test_a_real_student_writes_answers_for_a_thousand(tmp_path: Path, tiny: Student) -> None:
    real = tmp_path / "real"
    real.mkdir()
    for file in Path(tiny.source).iterdir():
        (real / file.name).write_bytes(file.read_bytes())
    config = json.loads((real / "config.json").read_text())
    (real / "config.json").write_text(json.dumps({key: value for key, value in config.items() if key != "clca_tiny"}))
    one = planned(student="./real", respondents=None, method=("persona",))
    assert (one.inference.mode, len(one.request_groups), one.model.rehearsal_reasons) == (
        "generate",
        1000,
        (),
    )


def test_without_a_culture_it_is_the_papers_five() -> None:
    one = planned(culture=())
    assert list(one.samples) == ["china", "germany", "uk", "mexico", "japan"]
    assert one.folder.name.startswith("tiny-paper-")


def test_items_that_were_not_asked_in_the_country_are_left_out() -> None:
    (group, *_) = planned(culture=("jordan",), items="q36, Q1").request_groups
    assert [question.item.id for question in group.questions] == ["Q1"]
    assert "none of them was asked in jordan" in refusal(culture=("jordan",), items="Q36")


def test_items_are_offered_on_the_points_that_the_country_was_asked_on() -> None:
    one = planned(culture=("brazil", "usa", "uk"), items="Q33,Q36", method=("cultural",))
    options = {group.culture: [len(question.labels) for question in group.questions] for group in one.request_groups}
    assert options == {"brazil": [3, 3], "usa": [3, 5], "uk": [5, 5]}
    assert one.request_groups[0].questions[0].text.endswith("\n1. Agree\n2. Neither agree nor disagree\n3. Disagree")
    assert {
        name: [len(row) for row in sample.survey.shares.values()] for name, sample in one.samples.items()
    } == options
    assert one.samples["brazil"].survey.shares["Q33"].tolist() == pytest.approx([0.191134, 0.112838, 0.696028])
    assert one.info["three_points"] == {"brazil": ["Q33", "Q36"], "usa": ["Q33"]}
    assert one.summary["items_version"] == one.info["items_version"] == {"en": 3}
    assert one.offered.counted_as_three == ()


def test_a_culture_with_a_country_on_three_points_is_on_three_as_a_whole() -> None:
    one = planned(culture=("spa",), items="Q1,Q33", language="native", method=("cultural",))
    ((_, scaled),) = (group.questions for group in one.request_groups)
    assert scaled.text.endswith("\n1. De acuerdo\n2. Ni de acuerdo ni en desacuerdo\n3. En desacuerdo")
    shares = load_suite(Content()).shares
    mexico, argentina = shares["mexico"]["Q33"], shares["argentina"]["Q33"]
    assert one.samples["spa"].survey.shares["Q33"].tolist() == pytest.approx(
        [(sum(mexico[:2]) + argentina[1]) / 2, (mexico[2] + argentina[2]) / 2, (sum(mexico[3:]) + argentina[3]) / 2]
    )
    assert one.offered.counted_as_three == ("mexico",)
    (note,) = one.offered.notes()
    assert note == (
        "Offered and scored on three points, as a country was asked: spa Q33. Answers of mexico to them, on five"
        " points, are counted as three."
    )


def test_each_culture_is_asked_in_its_own_language() -> None:
    one = planned(culture=("japan", "germany", "uk"), language="native", method=("cultural",))
    assert one.inputs["languages"] == {"japan": "ja", "germany": "de", "uk": "en"}
    assert len({group.questions[0].text for group in one.request_groups}) == 3
    assert planned(culture=("turkey",), language="native", method=("cultural",)).languages == {"turkey": "tr"}


def test_a_translation_that_no_native_speaker_has_read_is_said_to_be_one() -> None:
    one = planned(culture=("japan", "greece", "uk"), language="native", method=("cultural",))
    assert one.summary["unread_translations"] == one.info["unread_translations"] == ["ja", "el"]
    (caveat,) = (line for line in one.suite_caveats() if "native speaker" in line)
    assert "(ja, el)" in caveat
    assert "clca content review-items ja" in caveat
    assert not any("native speaker" in line for line in planned(culture=("uk",), method=("cultural",)).suite_caveats())


def test_several_orders_are_asked_on_the_same_group_the_given_one_first() -> None:
    (group,) = planned(order=("reversed", "given"), method=("cultural",), items="Q1,Q2").request_groups
    assert [(question.order, question.item.id) for question in group.questions] == [
        ("given", "Q1"),
        ("given", "Q2"),
        ("reversed", "Q1"),
        ("reversed", "Q2"),
    ]


def test_bare_text_stands_for_everyone(tiny: Student) -> None:
    adapter(tiny)
    one = planned(format="bare")
    assert [(group.method, group.respondent, group.system) for group in one.request_groups] == [
        ("cultural", "", ""),
        ("clca", "", ""),
    ]
    assert "describes no respondent" in refusal(format="bare", method=("persona",))


def test_a_value_outside_its_set_is_refused_with_what_there_is() -> None:
    assert refusal(method=("person",)) == (
        "--method: Input should be 'persona', 'cultural' or 'clca' (given: \"person\")"
    )
    assert refusal(mode="x") == "--mode: Input should be 'generate' or 'probability' (given: \"x\")"
    assert refusal(bits=5) == "--bits: Input should be 4, 8 or 16 (given: 5)"
    assert refusal(format="chatty") == "--format: Input should be 'chat', 'text' or 'bare' (given: \"chatty\")"
    assert refusal(order=("random",)).startswith("--order: Input should be 'given', 'reversed' or 'shuffled'")
    assert refusal(respondents=0) == "--respondents: Input should be greater than or equal to 1 (given: 0)"
    assert refusal(until_ci=1.5).startswith("--until-ci: Input should be less than 1 (given: 1.5)")
    assert refusal(items="Q42").startswith("--items Q42: no such item; there are Q1 to Q45")
    assert refusal(items=" ").startswith("--items: is empty; give items")
    assert refusal(seed=-1).startswith("--seed: Input should be greater than or equal to 0")
    assert refusal(student=" ").startswith("--student: is empty")
    assert refusal(culture=("japn",)).startswith("unknown culture 'japn'; did you mean japan")
    assert refusal(language="jp").startswith("no language 'jp' in the suite")
    assert refusal(weights=True).startswith("--weights needs the survey's respondents")
    assert refusal(data=Path("none.parquet")).startswith("no respondents at none.parquet")
    assert refusal(base_url="localhost:8000", student="x").startswith("--base-url: not a URL")
    assert refusal(base_url="http://localhost/v1", student="x", bits=4).startswith("--bits: the server")


# ---------------------------------------------------------------- the folder


def test_what_decides_the_answers_decides_the_folder(tiny: Student) -> None:
    base = planned()
    assert planned().folder == base.folder
    different = [
        {"seed": 43},
        {"respondents": 6},
        {"items": "Q1"},
        {"order": ("reversed",)},
        {"mode": "generate"},
        {"format": "text"},
        {"language": "ja"},
        {"method": ("cultural",)},
        {"bits": 8},
    ]
    others = {planned(**one).folder for one in different}
    assert len(others | {base.folder}) == 1 + len(different)
    adapter(tiny)
    with_adapter = planned().folder
    assert with_adapter not in others | {base.folder}
    Path("adapters/japan/tiny-wvs/adapter_model.safetensors").write_bytes(weights("other weights"))
    assert planned().folder != with_adapter


def test_what_only_decides_scores_or_how_many_are_asked_leaves_the_folder() -> None:
    assert planned(until_ci=0.1).folder == planned().folder


def test_an_edited_prompt_makes_another_evaluation(here: Path) -> None:
    before = planned(here).folder
    (here / "clca.toml").touch()
    (here / "prompts").mkdir()
    (here / "prompts" / "wvs-persona.j2").write_text(Content().text("prompts/wvs-persona.j2") + "\n")
    assert planned(here).folder != before


def test_new_takes_the_next_name_and_is_gone_on_with() -> None:
    first = planned().folder
    assert planned(new=True).folder == first
    first.mkdir(parents=True)
    second = planned(new=True).folder
    assert second.name == f"{first.name}-2"
    second.mkdir()
    assert planned().folder == second


# ---------------------------------------------------------------- who answers


def test_of_equal_adapters_of_a_culture_and_student_the_newest_is_taken_and_that_is_said(tiny: Student) -> None:
    adapter(tiny, "old", bits=8)
    adapter(tiny, "new", bits=8)
    adapter(tiny, "of-another", source="/elsewhere/tiny-0123456789ab")
    adapter(tiny, "both", "combined", cultures=["japan", "uk"])
    one = planned(culture=("japan",))
    (selection,) = one.model.selection
    assert selection.others == {
        "adapters/japan/old": "the same recipe and data",
        "adapters/combined/both": "of several cultures",
        "adapters/japan/of-another": "trained on tiny-0123456789ab",
    }
    assert one.json_object()["selection"] == [selection.model_dump()]
    assert one.json_object()["taught"] == {"japan": "recipe tiny, mix clca"}
    assert "Adapters: recipe tiny, mix clca." in one.caveats()
    shutil.rmtree("adapters/combined")
    one = planned(culture=("japan", "uk"))
    assert {name: found.name for name, found in one.model.adapters.items()} == {"japan": "adapters/japan/new"}
    assert one.model.bits == 16  # a tiny one is never quantised unasked
    assert {(group.culture, group.method) for group in one.request_groups} == {
        ("japan", "persona"),
        ("japan", "cultural"),
        ("japan", "clca"),
        ("uk", "persona"),
        ("uk", "cultural"),
    }
    expected = hashlib.sha256(weights("new")).hexdigest()
    assert one.inputs["adapters"] == {"japan": expected}
    assert "there is none of uk for tiny" in refusal(culture=("uk",), method=("clca",))


def test_adapters_that_differ_are_asked_for_by_name(tiny: Student) -> None:
    adapter(tiny, "one")
    adapter(tiny, "two", mix="wvs")
    message = refusal()
    assert message.startswith("japan has adapters that differ: adapters/japan/two (recipe tiny, mix wvs)")
    assert planned(method=("persona", "cultural")).model.adapters == {}  # which need none
    assert "adapters/japan/one (recipe tiny, mix clca; data.mix: wvs -> clca)" in message
    assert message.endswith("say which with --adapter")
    named = planned(adapter=("japan/one",))
    assert named.model.adapters["japan"].name == "adapters/japan/one"
    assert named.model.selection[0].others == {"adapters/japan/two": "recipe tiny, mix wvs"}
    assert "a folder of one of them" in refusal(adapter=("japan",))


def test_what_else_the_name_of_an_adapter_stands_for_is_recorded_and_printed(
    tiny: Student, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter(tiny, "old")
    adapter(tiny, "new")
    named = planned(adapter=("japan",)).model.selection[0]
    assert (named.target, named.taken, list(named.others)) == ("japan", ("adapters/japan/new",), ["adapters/japan/old"])
    evaluate(resolve_config(WvsConfig, {"adapter": ("japan",)}, {}), None, plan=True, quiet=True, as_json=True)
    assert capsys.readouterr().err == (
        "Takes for japan: adapters/japan/new, the newest of 2 adapters of the same recipe and data; not taken:"
        " adapters/japan/old (the same recipe and data)\n"
    )


def test_which_adapter_is_taken_of_several_is_printed_and_one_that_is_named_by_its_folder_is_not(
    tiny: Student, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter(tiny, "old")
    adapter(tiny, "new")
    for given, said in (((), "Takes for japan: adapters/japan/new, the newest of 2 "), (("japan/old",), "")):
        config = resolve_config(WvsConfig, {"culture": ("japan",), "adapter": given}, {})
        evaluate(config, None, plan=True, quiet=True, as_json=True)
        assert capsys.readouterr().err[: len(said) or None] == said


def test_no_adapter_that_is_given_is_left_out_in_silence(tiny: Student) -> None:
    adapter(tiny, "one")
    adapter(tiny, "two", mix="wvs")
    adapter(tiny, culture="uk")
    message = refusal(adapter=("japan/one", "japan/two"))
    assert message.startswith("--adapter: adapters/japan/one (recipe tiny, mix clca) and adapters/japan/two (")
    assert "are both of japan, and an evaluation has one adapter for each culture" in message
    unused = refusal(culture=("japan",), adapter=("japan/one", "uk"))
    assert unused.startswith("--adapter adapters/uk/tiny-wvs was trained on uk, which is not evaluated")


def test_a_damaged_adapter_is_not_passed_over_in_silence(tiny: Student) -> None:
    adapter(tiny, "old")
    Path("adapters/japan/new").mkdir()
    Path("adapters/japan/new/adapter.json").write_text("{}")
    (note,) = planned().warnings
    assert note.startswith("passed over: adapters/japan/new/adapter.json")


def test_rows_are_called_what_the_adapters_are(tiny: Student) -> None:
    adapter(tiny, mix="wvs")
    adapter(tiny, culture="uk", recipe=CLCA_RECIPE)
    model = planned(culture=("japan", "uk")).model
    assert {culture: model.row_label(culture) for culture in model.adapters} == {
        "japan": "adapted (recipe tiny, mix wvs)",
        "uk": "CLCA",
    }
    adapter(tiny, culture="mexico", recipe={**CLCA_RECIPE, "lora": {"r": 2, "alpha": 1}}, changed=["lora.r"])
    assert planned(culture=("mexico",)).model.row_label("mexico") == "adapted (recipe clca, with other lora.r)"
    served = choose_served_by_culture("m", ["a"], ["japan", "uk"])
    assert served.row_label("uk") == "adapted (served as a)"
    each = choose_served_by_culture("m", ["a", "b"], ["japan", "uk"])
    assert each.row_label("uk") == "adapted (by adapters on the server)"
    (caveat,) = [text for text in planned(culture=("japan", "uk")).caveats() if "differ" in text]
    assert caveat.endswith("japan: recipe tiny, mix wvs; uk: recipe clca.")


def test_items_that_an_adapter_was_trained_on_are_left_out_unless_they_are_named(tiny: Student) -> None:
    counts = {"rows": {}, "tokens": {}, "trained": {}, "cut": {}, "dropped": {}, "sha256": "0"}
    adapter(tiny, mix="wvs", train={**counts, "items": {"Q1": 20, "Q3": 20}})
    one = planned()
    assert [item.id for item in one.offered.items][:3] == ["Q2", "Q4", "Q5"]
    assert len(one.offered.items) == 42
    assert any("2 of 44 items are not asked" in caveat for caveat in one.caveats())
    assert len(planned(method=("persona",)).offered.items) == 44
    named = planned(items=("Q1", "Q2"))
    assert [item.id for item in named.offered.items] == ["Q1", "Q2"]
    assert any("was trained on 1 of the 2 items that are asked (Q1)" in caveat for caveat in named.caveats())


def test_an_adapter_is_found_by_culture_name_folder_and_run(tiny: Student) -> None:
    folder = adapter(tiny).folder
    run = Path("generated/japan/run-1")
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"fingerprint": "f1", "culture": "japan"}))
    for name in ("japan", "JPN", "tiny-wvs", str(folder), "run-1", str(run)):
        found, selection = find(name, CultureCatalogue(Content()), Path("generated"))
        assert (found.folder, selection.others) == (folder, {}), name
    (run / "run.json").write_text(json.dumps({"fingerprint": "f2"}))
    with pytest.raises(NotFoundError, match=r"was trained on run run-1: `clca train --run run-1` makes one"):
        find("run-1", CultureCatalogue(Content()), Path("generated"))
    with pytest.raises(NotFoundError, match="no adapter 'nothing' in adapters/"):
        find("nothing", CultureCatalogue(Content()), Path("generated"))


def test_the_adapters_own_cultures_and_student_are_the_default(tiny: Student) -> None:
    adapter(tiny, culture="uk")
    one = planned(culture=(), adapter=("uk",))
    assert list(one.samples) == ["uk"]
    assert one.model.tiny
    abroad = planned(culture=("japan",), adapter=("uk",))
    assert abroad.warnings == ("adapters/uk/tiny-wvs was taught uk; here it answers for japan",)


def test_an_adapter_of_another_base_is_refused(tiny: Student) -> None:
    adapter(tiny, source="/elsewhere/tiny-0123456789ab")
    message = refusal(adapter=("japan",))
    assert message.startswith("--adapter adapters/japan/tiny-wvs was trained on tiny-0123456789ab, not on tiny-")
    adapter(tiny, culture="uk")
    assert "were trained on different students" in refusal(adapter=("japan", "uk"))


def test_several_adapters_have_to_cover_the_cultures(tiny: Student) -> None:
    adapter(tiny)
    adapter(tiny, culture="uk")
    assert set(planned(culture=(), adapter=("japan", "uk")).model.adapters) == {"japan", "uk"}
    assert "none of those given was trained on mexico" in refusal(culture=("mexico",), adapter=("japan", "uk"))


def test_adapters_of_plain_texts_are_asked_with_plain_text(tiny: Student) -> None:
    adapter(tiny, mix="wvs+wiki")
    assert planned().format == "text"
    assert planned(format="chat").format == "chat"


def test_a_student_without_a_chat_template_is_asked_with_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.evaluation.wvs.questionnaire.has_chat_template", lambda student: False)
    assert planned(respondents=1).format == "text"


def test_rehearsals_are_marked_whatever_makes_them_so(tiny: Student) -> None:
    assert planned().caveats()[0].startswith("REHEARSAL (the student is tiny): ")
    real = replace(tiny, name="real", tiny=False)
    found = adapter(real)
    environment: Mapping[str, str] = {"XDG_CACHE_HOME": str(cache)}
    unmarked = Path("real")
    unmarked.mkdir()
    for file in Path(tiny.source).iterdir():
        (unmarked / file.name).write_bytes(file.read_bytes())
    config = json.loads((unmarked / "config.json").read_text())
    config.pop("clca_tiny")
    (unmarked / "config.json").write_text(json.dumps(config))
    local = choose_by_culture("./real", [], ["japan"], None, Content(), environment)
    assert local.rehearsal_reasons == ()
    same = replace(found, data=found.data.model_copy(update={"student": _base(local.student)}))
    subject = choose_by_culture("./real", [same], ["japan"], None, Content(), environment)
    assert subject.rehearsal_reasons == ("adapters/japan/tiny-wvs is a rehearsal",)


def _base(student: Student | None) -> Any:
    from clca.models.adapter_info import StudentRef

    assert student is not None
    return StudentRef(name=student.name, source=Path(student.source).name, revision=student.revision, tiny=False)


def test_a_server_is_told_models_and_adapters_by_name() -> None:
    one = choose_served_by_culture("llama-3.1-8b", ["japan-lora"], ["japan", "uk"])
    assert {culture: found.name for culture, found in one.adapters.items()} == {
        "japan": "japan-lora",
        "uk": "japan-lora",
    }
    each = choose_served_by_culture("llama-3.1-8b", ["a", "b"], ["japan", "uk"])
    assert [found.name for found in each.adapters.values()] == ["a", "b"]
    assert (each.id, each.rehearsal_reasons, each.student) == ("server:llama-3.1-8b", (), None)
    with pytest.raises(SettingsError, match="2 given for 3 cultures"):
        choose_served_by_culture("llama-3.1-8b", ["a", "b"], ["japan", "uk", "china"])
    with pytest.raises(SettingsError, match="--base-url needs --student NAME"):
        choose_served_by_culture(None, [], ["japan"])


def test_a_servers_rehearsal_adapter_is_marked_by_its_name_here(tiny: Student) -> None:
    adapter(tiny)
    assert choose_served_by_culture("x", ["japan"], ["japan"]).rehearsal_reasons == (
        "the adapter japan is a rehearsal",
    )


def test_what_does_not_fit_is_refused_with_what_would() -> None:
    subject = planned().model
    require_memory(subject, Machine((), GIB), "cpu")
    with pytest.raises(SettingsError, match=r"^tiny does not fit: .* in 16 bits; .* of RAM .*instead: --bits 4, a sm"):
        require_memory(subject, Machine((), 1000), "cpu")
    gpu = Gpu("0", "NVIDIA L4", GIB, 1000, (8, 9))
    with pytest.raises(SettingsError, match="of GPU memory"):
        require_memory(subject, Machine((gpu,), 64 * GIB), "cuda")


def test_a_tiny_student_is_the_same_wherever_it_lies(tiny: Student) -> None:
    moved = replace(tiny, source=f"/elsewhere/{Path(tiny.source).name}")
    assert base_id(moved) == base_id(tiny)


def test_composers_load_no_model_library() -> None:
    program = "import sys, clca.evaluation.wvs.run, clca.evaluation.compare.run; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"torch", "transformers", "peft", "trl", "datasets", "pyarrow", "openai"} & set(loaded) == set()


def test_the_tokenizer_of_a_served_model_is_used_where_it_lies_here(tiny: Student) -> None:
    found = local_tokenizer(tiny.source, None, {"HOME": "/nonexistent"})
    assert found is not None
    assert found.chat_template
    assert local_tokenizer("llama-3.1-8b", None, {"HOME": "/nonexistent"}) is None


def test_a_server_whose_chat_template_reads_its_clock_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    dated = "{{- strftime_now('%d %B %Y') -}}" + TEMPLATES["qwen-2.5"]
    asked = {"student": "m", "base_url": "http://localhost:1/v1", "method": ("persona",)}
    for template, said in ((dated, True), (TEMPLATES["qwen-2.5"], False)):
        tokenizer = chat_student("qwen-2.5", template)
        monkeypatch.setattr("clca.evaluation.plan.served_tokenizer", lambda *_, found=tokenizer: found)
        caveats = planned(**asked).caveats()
        assert (
            any(text.startswith("The server's chat template writes the date of its clock") for text in caveats) is said
        )
