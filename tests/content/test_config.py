from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, get_args

import pytest
from pydantic import BeforeValidator, Field

from clca.content.config import Option, StageConfig, split_names
from clca.content.config_layers import name_origin, resolve
from clca.content.trust import CONFIG
from clca.errors import NotFoundError, SettingsError
from clca.stages import STAGES, resolve_config


class Bake(StageConfig):
    stage: ClassVar[str] = "bake"
    short_variables: ClassVar[bool] = True

    loaves: Annotated[int, Field(ge=1, description="Loaves."), Option(aliases=("breads",))] = 2
    flour: Annotated[tuple[str, ...], BeforeValidator(split_names), Field(description="Kinds."), Option()] = ()
    out: Annotated[Path, Field(description="Folder."), Option()] = Path("bakery")
    oven: Annotated[str, Field(description="Command."), Option(path=True)] = "oven"


class EatOut(StageConfig):
    stage: ClassVar[str] = "eat-out"

    guests: Annotated[int, Field(description="Guests."), Option()] = 1
    loaves: Annotated[int, Field(description="Loaves."), Option()] = 1
    kitchen: Annotated[Path, Field(description="Folder."), Option(follows="bake.out", hidden=True)] = Path("home")


def bake(flags: dict[str, Any], environment: dict[str, str] | None = None, workspace: Path | None = None) -> Bake:
    return resolve(Bake, flags, environment or {}, workspace, [EatOut])


def refusal(flags: dict[str, Any], environment: dict[str, str] | None = None, workspace: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        bake(flags, environment, workspace)
    assert "\n" not in caught.value.message
    return caught.value.message


def file(folder: Path, text: str) -> Path:
    (folder / CONFIG).write_text(text, encoding="utf-8")
    return folder


def test_flags_outrank_the_environment_which_outranks_the_file(tmp_path: Path) -> None:
    workspace = file(tmp_path, '[bake]\nloaves = 3\nflour = ["rye"]\nout = "shop"\n')
    config = bake({"loaves": 5, "flour": ()}, {"CLCA_LOAVES": "4", "CLCA_FLOUR": "oat, spelt"}, workspace)
    assert (config.loaves, config.flour, config.out) == (5, ("oat", "spelt"), tmp_path / "shop")
    assert bake({}) == Bake()


def test_only_one_stage_s_variables_may_leave_out_its_name_and_those_of_others_are_passed_over() -> None:
    environment = {"CLCA_LOAVES": "3", "CLCA_BAKE_LOAVES": "4", "CLCA_EAT_OUT_LOAVES": "5"}
    assert bake({}, environment).loaves == 4
    assert bake({}, {"CLCA_LOAVES": "3"}).loaves == 3
    assert resolve(EatOut, {}, environment, None, [Bake]).loaves == 5
    assert resolve(EatOut, {}, {"CLCA_LOAVES": "3"}, None, [Bake]).loaves == 1
    assert refusal({}, {"CLCA_GUESTS": "6"}) == (
        "CLCA_GUESTS: no such setting; say of which command: CLCA_EAT_OUT_GUESTS"
    )


def test_an_alias_is_taken_by_every_layer(tmp_path: Path) -> None:
    workspace = file(tmp_path, "[bake]\nbreads = 3\n")
    assert bake({}, {}, workspace).loaves == 3
    assert bake({}, {"CLCA_BREADS": "4"}, workspace).loaves == 4
    assert bake({"breads": 5}, {"CLCA_BREADS": "4"}, workspace).loaves == 5


def test_a_field_may_follow_another_stage_s_key(tmp_path: Path) -> None:
    workspace = file(tmp_path, '[bake]\nout = "shop"\n')
    assert resolve(EatOut, {}, {}, workspace, [Bake]).kitchen == tmp_path / "shop"
    assert resolve(EatOut, {}, {"CLCA_BAKE_OUT": "x"}, workspace, [Bake]).kitchen == Path("x")
    assert resolve(EatOut, {"kitchen": "y"}, {}, workspace, [Bake]).kitchen == Path("y")
    assert resolve(EatOut, {}, {}, None).kitchen == Path("home")
    assert resolve(EatOut, {}, {}, None, [Bake]).kitchen == Path("bakery")
    assert resolve(EatOut, {}, {"CLCA_BAKE_LOAVES": "0"}, None, [Bake]).kitchen == Path("bakery"), "a fault elsewhere"


def test_only_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    workspace = file(tmp_path, '[bake]\noven = "gas"\n')
    assert bake({}, {}, workspace).oven == "gas"
    assert bake({}, {}, file(tmp_path, '[bake]\noven = "bin/gas"\n')).oven == str(tmp_path / "bin/gas")
    assert bake({"oven": "bin/gas"}).oven == "bin/gas"


def test_a_fault_names_the_layer_and_the_key(tmp_path: Path) -> None:
    assert refusal({"loaves": 0}).startswith("--loaves: Input should be greater than or equal to 1")
    assert refusal({}, {"CLCA_BAKE_LOAVES": "many"}).startswith("CLCA_BAKE_LOAVES: Input should be a valid integer")
    workspace = file(tmp_path, "[bake]\nloaves = 0\n")
    assert refusal({}, {}, workspace).startswith("clca.toml: bake.loaves: Input should be")


def test_what_no_stage_knows_is_refused(tmp_path: Path) -> None:
    assert refusal({}, {"CLCA_LOAFS": "3"}) == "CLCA_LOAFS: no such setting; did you mean CLCA_LOAVES?"
    assert refusal({}, {"CLCA_GUEST": "3"}) == "CLCA_GUEST: no such setting; did you mean CLCA_EAT_OUT_GUESTS?"
    assert refusal({}, {"CLCA_BAKE_LOAFS": "3"}) == ("CLCA_BAKE_LOAFS: no such setting; did you mean CLCA_BAKE_LOAVES?")
    assert refusal({}, {}, file(tmp_path, "[bkae]\n")).endswith("bkae: unknown table; did you mean bake?")
    assert refusal({}, {}, file(tmp_path, "guests = 1\n")).endswith("guests: belongs under [eat-out]")
    assert refusal({}, {}, file(tmp_path, "[bake]\nloafs = 1\n")).startswith("clca.toml: bake.loafs: no such setting")
    assert bake({}, {}, file(tmp_path, "[eat-out]\nguests = 1\n")) == Bake()


@pytest.mark.parametrize(
    ("layers", "named"),
    [
        (({"loaves": 2}, {"CLCA_LOAVES": "3"}), "--loaves 2: is too few"),
        (({}, {"CLCA_BREADS": "2"}), "CLCA_BREADS 2: is too few"),
        (({}, {}, "[bake]\nloaves = 2\n"), "clca.toml: bake.loaves 2: is too few"),
        (({}, {}), "--loaves 2: is too few"),
    ],
)
def test_an_error_over_a_flag_names_the_layer_that_set_it(tmp_path: Path, layers: tuple[Any, ...], named: str) -> None:
    flags, environment, *toml = layers
    workspace = file(tmp_path, toml[0]) if toml else None
    error = NotFoundError("--loaves 2: is too few")
    name_origin(error, Bake, flags, environment, workspace, [EatOut], as_flags=True)
    assert (error.message, str(error)) == (named, named)


def test_errors_name_other_flags_and_other_words_as_they_are() -> None:
    for message in ("--ovens: too hot", "no bread: add --loaves"):
        error = SettingsError(message)
        name_origin(error, Bake, {}, {"CLCA_LOAVES": "2"}, None, [], as_flags=True)
        assert error.message == message


def test_a_flag_is_called_by_its_own_name() -> None:
    train = STAGES["train"].config_type
    with pytest.raises(SettingsError, match=r"^--set: Input should be a valid string \(given: 1\)$"):
        resolve_config(train, {"settings": (1,)}, {})


def test_messages_name_no_type_of_python(tmp_path: Path) -> None:
    assert refusal({"out": 3}) == "--out: Input should be the path of a file or folder (given: 3)"
    generate = STAGES["generate"].config_type
    with pytest.raises(SettingsError) as caught:
        resolve_config(generate, {"scenarios": 2.5}, {})
    assert caught.value.message == "--scenarios: needs a number of seed scenarios or the path of a file, not 2.5"


def test_keys_are_no_settings() -> None:
    assert bake({}, {"CLCA_API_KEY": "sk-secret"}) == Bake()


@pytest.mark.parametrize("name", STAGES)
def test_every_field_of_every_stage_is_described(name: str) -> None:
    config_type = STAGES[name].config_type
    assert config_type.stage == name
    for field_name, field, option in config_type.options():
        assert field.description, field_name
        assert not (option and option.argument and option.short), field_name


def first_choice(annotation: Any) -> str:
    """What may stand in a tuple of this type: the first of its literals, or any text."""
    return next((value for part in get_args(annotation) for value in get_args(part)), "x")


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_has_the_four_rooms(name: str) -> None:
    stage = STAGES[name]
    assert callable(stage.plan)
    assert callable(stage.run)
    assert stage.result_type.model_json_schema(mode="serialization")["type"] == "object"
    required = {
        name: "x" if field.annotation in (str, Path) else (first_choice(field.annotation),)
        for name, field, _ in stage.config_type.options()
        if field.is_required()
    }
    assert resolve_config(stage.config_type, required, {}) == stage.config_type(**required)


def test_what_is_required_may_come_from_every_layer_and_is_described_where_it_is_missing(tmp_path: Path) -> None:
    cspec = STAGES["eval-cspec"].config_type
    assert resolve_config(cspec, {}, {"CLCA_EVAL_CSPEC_MATRIX": "m.csv"}).matrix == ("m.csv",)
    assert resolve_config(cspec, {}, {}, file(tmp_path, '[eval-cspec]\nmatrix = ["m.csv"]\n')).matrix == ("m.csv",)
    assert resolve_config(cspec, {"matrix": Path("m.csv")}, {}).matrix == ("m.csv",)
    with pytest.raises(SettingsError, match=r"^eval-cspec needs matrix: CSV file of scores, or an evaluation"):
        resolve_config(cspec, {}, {})
