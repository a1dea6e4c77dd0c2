from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.content.lookup import Content
from clca.errors import ClcaError, SettingsError
from clca.models import ModelCatalogue
from clca.training.recipe import Recipe
from clca.training.recipe_files import keys, load_recipe, override, read_recipe, recipe_names
from tests.conftest import Overlay

SHIPPED = [
    "clca",
    "clca-released",
    "dialogue-only",
    "gsm8k",
    "intent-only",
    "mathchat",
    "s2n",
    "tiny",
    "wvs",
    "wvs+normad",
    "wvs+wiki",
    "wvs-translated",
]
MINE = "summary: mine\nstudent: tiny\n"


def fault(overlay: Overlay, files: dict[str, str], recipe: str = "mine") -> str:
    content = overlay({f"trainers/{name}.yaml": text for name, text in files.items()})
    with pytest.raises(ClcaError) as caught:
        read_recipe(content, recipe)
    assert "\n" not in caught.value.message
    return caught.value.message.removeprefix(f"{content.workspace}/trainers/")


def set_fault(content: Content, *sets: str, recipe: str = "clca") -> str:
    with pytest.raises(ClcaError) as caught:
        load_recipe(content, recipe, sets)
    return caught.value.message


def in_words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else json.dumps(value)


# ---------------------------------------------------------------- what is shipped


def test_every_shipped_recipe_is_read(content: Content) -> None:
    assert recipe_names(content) == SHIPPED
    assert [read_recipe(content, name).name for name in SHIPPED] == SHIPPED


def test_every_shipped_recipe_trains_a_known_model_or_the_tiny_one(content: Content) -> None:
    assert {read_recipe(content, name).student for name in SHIPPED} - {"tiny"} <= set(ModelCatalogue(content).names())


def test_the_clca_recipe_is_the_papers(content: Content) -> None:
    recipe = read_recipe(content, "clca")
    assert (recipe.base.bits, recipe.base.quant_type, recipe.base.double_quant, recipe.base.compute) == (
        4,
        "nf4",
        True,
        "bf16",
    )
    assert recipe.lora.targets == ("q_proj", "v_proj")
    training = recipe.training
    assert (training.learning_rate, training.batch, training.accumulation, training.epochs) == (1e-4, 2, 4, 3)
    assert (recipe.data.mix, recipe.data.max_length, recipe.seed) == ("clca", 2048, 42)


def test_the_released_recipe_has_the_settings_of_the_code(content: Content) -> None:
    released, clca = read_recipe(content, "clca-released"), read_recipe(content, "clca")
    lora, training = released.lora, released.training
    assert (lora.r, lora.alpha, lora.dropout, lora.save) == (4, 0.1, 0.5, ("embed_tokens", "lm_head"))
    assert (training.optimizer, training.warmup, released.data.held_out) == ("adamw", 0, 0)
    assert (training.learning_rate, training.batch, training.accumulation, training.epochs) == (1e-4, 2, 4, 3)
    assert (released.data.mix, released.base, lora.targets) == ("clca", clca.base, clca.lora.targets)


def test_the_s2n_recipe_is_the_papers(content: Content) -> None:
    recipe = read_recipe(content, "s2n")
    assert (recipe.base.bits, recipe.lora.r, recipe.lora.alpha, recipe.lora.dropout) == (4, 64, 16, 0.1)
    assert recipe.lora.targets == ("q_proj", "v_proj")
    training = recipe.training
    assert training.batch * training.accumulation == 32
    assert (training.learning_rate, training.schedule, training.warmup, training.epochs) == (2e-4, "constant", 0.03, 6)
    assert (training.optimizer, training.weight_decay, training.max_grad_norm) == ("adamw_8bit", 0.001, 0.3)
    assert not recipe.base.double_quant
    assert (recipe.data.mix, recipe.data.files.culturellm) == ("culturellm", "data/culturellm/{culture}.jsonl")
    assert training.gradient_checkpointing
    assert training.deterministic
    assert recipe.seed == 42


@pytest.mark.parametrize(
    ("ablation", "parent"),
    [("dialogue-only", "clca"), ("intent-only", "clca"), ("gsm8k", "clca"), ("mathchat", "clca")]
    + [(name, "s2n") for name in ("wvs", "wvs+wiki", "wvs+normad", "wvs-translated")],
)
def test_an_ablation_differs_from_its_parent_in_data_alone(content: Content, ablation: str, parent: str) -> None:
    one, other = read_recipe(content, ablation), read_recipe(content, parent)
    assert one.data.mix == ablation
    assert (one.base, one.lora, one.training, one.seed) == (other.base, other.lora, other.training, other.seed)


def test_the_readme_lists_every_key_with_its_default(content: Content) -> None:
    section = content.text("trainers/README.md").partition("## Keys")[2].partition("## Mixes")[0]
    rows = re.findall(r"^\| `([a-z_.0-9]+)` \| (.*?) \|", section, re.MULTILINE)
    listed = {key: default.strip("`") for key, default in rows}
    plain = Recipe(name="x", summary="x", student="x").model_dump(mode="json")
    for key, field in keys():
        if field.is_required() or key == "name":
            assert listed.pop(key) in ("required", "the file's name"), key
            continue
        value = plain
        for part in key.split("."):
            value = value[part] if value is not None else "examples"  # the default within the group `match`
        assert listed.pop(key) == in_words(value), key
    assert listed == {"data.match": "null"}


# ---------------------------------------------------------------- what a user writes


def test_a_recipe_is_laid_over_the_one_it_extends_key_by_key(overlay: Overlay) -> None:
    content = overlay({"trainers/mine.yaml": "extends: s2n\nsummary: mine\nlora: {r: 8}\n"})
    mine, parent = read_recipe(content, "mine"), read_recipe(content, "s2n")
    assert mine == parent.model_copy(
        update={"name": "mine", "summary": "mine", "lora": parent.lora.model_copy(update={"r": 8})}
    )


def test_a_workspaces_own_recipe_extends_the_workspaces_copy(overlay: Overlay) -> None:
    content = overlay(
        {"trainers/clca.yaml": MINE + "seed: 7\n", "trainers/mine.yaml": "extends: clca\nsummary: x\nstudent: y\n"}
    )
    assert read_recipe(content, "mine").seed == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINE + "lora:\n  r: 8\n  alhpa: 3\n", "mine.yaml:5: lora.alhpa: unknown key; did you mean alpha?"),
        (
            MINE + "data:\n  match: {mixx: clca}\n",
            "mine.yaml:4: data.match.mixx: unknown key; did you mean mix? (and 1 more fault)",
        ),
        (MINE + "lroa: {}\n", "mine.yaml:3: lroa: unknown key; did you mean lora?"),
        (MINE + "lora:\n  r: none\n", "mine.yaml:4: lora.r: Input should be a valid integer"),
        ("student: tiny\n", "mine.yaml:1: summary: missing key"),
        (MINE + "data:\n  mix: clcaa\n", "mine.yaml:4: data.mix: 'clcaa': no mix 'clcaa'; did you mean clca?"),
        (MINE + "data:\n  mix: wvs\n  size: 3\n  match: {mix: clca}\n", "mine.yaml:3: data: match and size both say"),
        (MINE + "data: {held_out: 0}\ntraining: {patience: 2}\n", "mine.yaml:1: training.patience needs held-out data"),
        (MINE + "seed: 1\nseed: 2\n", "mine.yaml:4: seed: duplicate key"),
        ("- a\n", "mine.yaml:1: a recipe is a mapping of keys to values"),
        ("", "mine.yaml:1: a recipe is a mapping of keys to values"),
        ("extends: clcaa\n", "mine.yaml:1: extends: no recipe 'clcaa'; did you mean clca?"),
        ("extends: [clca]\n", "mine.yaml:1: extends: no recipe ['clca']"),
        ("summary: x\nextends: wvs\n", "mine.yaml:2: extends: wvs extends a recipe itself; extend that one instead"),
        ("extends: mine\n", "mine.yaml:1: extends: mine extends a recipe itself"),
        ("extends: clca\nlora:\n  rr: 8\n", "mine.yaml:3: lora.rr: unknown key"),
    ],
)
def test_a_fault_is_named_with_file_line_and_key(overlay: Overlay, text: str, message: str) -> None:
    assert fault(overlay, {"mine": text}).startswith(message)


def test_a_fault_of_the_parent_is_named_in_the_parent(overlay: Overlay) -> None:
    files = {"clca": MINE + "seed: x\n", "mine": "extends: clca\n"}
    assert fault(overlay, files).startswith("clca.yaml:3: seed: ")


def test_an_unknown_recipe_brings_the_nearest(overlay: Overlay) -> None:
    assert fault(overlay, {}, "dialog-only") == "no recipe 'dialog-only'; did you mean dialogue-only?"


def test_the_file_of_model_names_is_no_recipe(overlay: Overlay) -> None:
    assert recipe_names(overlay({"trainers/models.yaml": "{}"})) == SHIPPED


def test_a_recipe_is_read_from_a_path_too(content: Content, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.yaml"
    file.write_text("extends: s2n\nsummary: elsewhere\n")
    assert read_recipe(content, str(file)).name == "elsewhere"
    with pytest.raises(ClcaError, match=r"--recipe .*absent\.yaml: cannot be read: No such file"):
        read_recipe(content, str(tmp_path / "absent.yaml"))


# ---------------------------------------------------------------- --set


@pytest.mark.parametrize(
    ("change", "group", "key", "value"),
    [
        ("lora.r=32", "lora", "r", 32),
        ("lora.targets=q_proj, k_proj", "lora", "targets", ("q_proj", "k_proj")),
        ("lora.targets=[o_proj]", "lora", "targets", ("o_proj",)),
        ("training.learning_rate=1e-5", "training", "learning_rate", 1e-5),
        ("training.packing=yes", "training", "packing", True),
        ("training.steps=null", "training", "steps", None),
        ("training.log=wandb,mlflow", "training", "log", ("wandb", "mlflow")),
        ("base.bits=8", "base", "bits", 8),
        ("data.size = 12", "data", "size", 12),
    ],
)
def test_a_value_is_read_as_the_type_of_its_key(
    content: Content, change: str, group: str, key: str, value: object
) -> None:
    assert getattr(getattr(load_recipe(content, "clca", [change]), group), key) == value


def test_a_name_of_digits_stays_a_name_and_an_equals_sign_may_stand_in_a_value(content: Content) -> None:
    assert load_recipe(content, "clca", ["student=2024"]).student == "2024"
    assert load_recipe(content, "clca", ["data.files.chat=a=b.jsonl"]).data.files.chat == "a=b.jsonl"


def test_an_optional_group_is_set_within_and_put_away(content: Content) -> None:
    matched = load_recipe(content, "dialogue-only", ["data.match.mix=clca", "data.match.by=tokens"])
    assert matched.data.match is not None
    assert (matched.data.match.mix, matched.data.match.by) == ("clca", "tokens")
    assert load_recipe(content, "gsm8k", ["data.match=null"]).data.match is None


def test_the_last_of_two_changes_holds_and_the_given_data_stay(content: Content) -> None:
    data = read_recipe(content, "clca").resolved()
    before = json.dumps(data)
    assert override(data, ["lora.r=1", "lora.r=2"])["lora"]["r"] == 2
    assert json.dumps(data) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("lora.rr=3", "--set lora.rr: no such key in a recipe; did you mean lora.r"),
        ("r=3", "--set r: no such key in a recipe; did you mean lora.r?"),
        ("lora.r.x=3", "--set lora.r.x: no such key in a recipe; did you mean lora.r"),
        ("zzz.qqq=3", "--set zzz.qqq: no such key in a recipe"),
        ("lora=3", "--set lora: is a group of keys; set one of lora.r, lora.alpha, lora.dropout, lora.targets"),
        ("lora.r", "--set lora.r: expected KEY=VALUE, as in --set lora.r=32"),
        ("lora.r=x", "--set lora.r: Input should be a valid integer, unable to parse string as an integer"),
        ("lora.r=0", "--set lora.r: Input should be greater than or equal to 1 (given: 0)"),
        ("lora.r=[", "--set lora.r: '[' cannot be read as a value"),
        ("name=x/../../y", "--set: name: 'x/../../y' is no name: leave out slashes and control characters"),
        ("base.bits=5", "--set base.bits: Input should be 4, 8 or 16 (given: 5)"),
        ("data.mix=nosuch", "--set: data.mix: 'nosuch': no mix 'nosuch'"),
        ("data.match.by=tokens", "--set: data.match.mix: missing key"),
    ],
)
def test_a_change_that_cannot_be_is_one_line(content: Content, change: str, message: str) -> None:
    assert set_fault(content, change).startswith(message)


def test_kinds_are_named_in_the_words_of_yaml(overlay: Overlay) -> None:
    assert (
        fault(overlay, {"mine": MINE + "lora: 3\n"}) == "mine.yaml:3: lora: Input should be keys with values (given: 3)"
    )
    found = fault(overlay, {"mine": MINE + "lora: {targets: 3}\n"})
    assert found == "mine.yaml:3: lora.targets: Input should be a list (given: 3)"


def test_a_file_for_each_culture_is_no_mapping_of_yaml(content: Content) -> None:
    recipe = load_recipe(content, "clca", ["data.files.chat={culture}.jsonl", "data.files.wiki={culture}"])
    assert (recipe.data.files.chat, recipe.data.files.wiki) == ("{culture}.jsonl", "{culture}")


def test_a_file_too_large_for_a_recipe_is_not_read(content: Content, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text("#" * (2**20 + 1))
    with pytest.raises(SettingsError, match=r"large.yaml: cannot be read: it is larger than 1 MiB$"):
        read_recipe(content, str(file))


# ---------------------------------------------------------------- resolved


@given(
    st.sampled_from(SHIPPED),
    st.lists(st.sampled_from(["lora.r=3", "data.size=null", "data.match=null", "training.log=", "seed=0"])),
)
def test_the_resolved_recipe_makes_the_same_recipe_again(name: str, sets: list[str]) -> None:
    recipe = load_recipe(Content(), name, sets)
    assert Recipe.model_validate(json.loads(json.dumps(recipe.resolved()))) == recipe


def test_a_resolved_recipe_can_be_saved_and_given_as_a_file(content: Content, tmp_path: Path) -> None:
    recipe = load_recipe(content, "gsm8k", ["lora.r=3"])
    file = tmp_path / "saved.yaml"
    file.write_text(json.dumps(recipe.resolved()))
    assert read_recipe(content, str(file)) == recipe
