"""Models by alias, hub id and folder; their figures worked out again from the published shapes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.models import (
    ModelCatalogue,
    ModelInfo,
    cache_bytes_per_token,
    cached_snapshot,
    find_model,
    has_token,
    require_access,
)
from tests.conftest import Overlay

PATH = "trainers/models.yaml"


@pytest.fixture(scope="module")
def models(content: Content) -> ModelCatalogue:
    return ModelCatalogue(content)


def model_of(models: ModelCatalogue, name: str) -> ModelInfo:
    found = models.find(name)
    assert found is not None
    return found


# ---------------------------------------------------------------- figures


@dataclass(frozen=True)
class Shape:
    """What a release's config.json says."""

    hidden: int
    intermediate: int
    vocabulary: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    tied: bool
    biases: bool = False  # of the query, key and value projections
    norms: int = 2  # a layer

    @property
    def embeddings(self) -> int:
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def linear(self) -> int:
        attention = 2 * self.hidden * self.heads * self.head_dim + 2 * self.hidden * self.kv_heads * self.head_dim
        return self.layers * (attention + 3 * self.hidden * self.intermediate)

    @property
    def small(self) -> int:
        """Norms and biases, which no method quantises."""
        biases = (self.heads + 2 * self.kv_heads) * self.head_dim if self.biases else 0
        return self.layers * (self.norms * self.hidden + biases) + self.hidden

    @property
    def parameters(self) -> int:
        return self.embeddings + self.linear + self.small


LLAMA_70B = Shape(8192, 28672, 128256, 80, 64, 8, 128, tied=False)
LLAMA_8B = Shape(4096, 14336, 128256, 32, 32, 8, 128, tied=False)
QWEN_32B = Shape(5120, 27648, 152064, 64, 40, 8, 128, tied=False, biases=True)

SHAPES = {
    "llama-3.1-70b": (LLAMA_70B, 70_553_706_496),
    "qwen2.5-32b": (QWEN_32B, 32_763_876_352),
    "llama-3.1-8b": (LLAMA_8B, 8_030_261_248),
    "llama-3.1-8b-base": (LLAMA_8B, 8_030_261_248),
    "llama-3.2-3b": (Shape(3072, 8192, 128256, 28, 24, 8, 128, tied=True), 3_212_749_824),
    "llama-3.2-1b": (Shape(2048, 8192, 128256, 16, 32, 8, 64, tied=True), 1_235_814_400),
    "mistral-7b-v0.3": (Shape(4096, 14336, 32768, 32, 32, 8, 128, tied=False), 7_248_023_552),
    "gemma-2-9b": (Shape(3584, 14336, 256000, 42, 16, 8, 256, tied=True, norms=4), 9_241_705_984),
    "qwen2.5-7b": (Shape(3584, 18944, 152064, 28, 28, 4, 128, tied=False, biases=True), 7_615_616_512),
    "qwen2.5-1.5b": (Shape(1536, 8960, 151936, 28, 12, 2, 128, tied=True, biases=True), 1_543_714_304),
    "qwen2.5-0.5b": (Shape(896, 4864, 151936, 24, 14, 2, 64, tied=True, biases=True), 494_032_768),
}


@pytest.mark.parametrize("name", SHAPES)
def test_parameters_follow_from_the_published_shape(models: ModelCatalogue, name: str) -> None:
    shape, published = SHAPES[name]
    model = model_of(models, name)
    assert model.parameters == shape.parameters == published
    assert model.embeddings == shape.embeddings
    assert (model.layers, model.heads) == (shape.layers, shape.heads)
    assert (model.kv_heads, model.head_dim) == (shape.kv_heads, shape.head_dim)
    assert model.weights == 2 * published


def test_every_model_of_the_catalogue_is_worked_out_again(models: ModelCatalogue) -> None:
    quantised = {name for name in models.names() if not model_of(models, name).whole}
    assert set(models.names()) == set(SHAPES) | quantised
    assert quantised == {"llama-3.1-70b-fp8", "llama-3.1-70b-awq", "qwen2.5-32b-int8", "qwen2.5-32b-awq"}


@pytest.mark.parametrize(
    ("name", "shape", "a_weight", "published"),
    [
        # FP8: a byte. AWQ and GPTQ: groups of 128 weights share a 16-bit scale and a packed zero point.
        # The last column is the sum of the file sizes that the hub shows, in units of 10 MB.
        ("llama-3.1-70b-fp8", LLAMA_70B, 1, 7265),
        ("llama-3.1-70b-awq", LLAMA_70B, (4 + 16 / 128 + 4 / 128) / 8, 3977),
        ("qwen2.5-32b-awq", QWEN_32B, (4 + 16 / 128 + 4 / 128) / 8, 1933),
        ("qwen2.5-32b-int8", QWEN_32B, (8 + 16 / 128 + 8 / 128) / 8, 3504),
    ],
)
def test_bytes_of_quantised_weights_follow_from_the_method(
    models: ModelCatalogue, name: str, shape: Shape, a_weight: float, published: int
) -> None:
    model = model_of(models, name)
    assert model.weights == pytest.approx(shape.linear * a_weight + 2 * (shape.embeddings + shape.small), rel=1e-3)
    assert model.weights / 1e7 == pytest.approx(published, rel=2e-3)
    assert model.parameters == shape.parameters


def test_cache_of_a_token_is_a_key_and_a_value_per_layer_and_head(models: ModelCatalogue) -> None:
    assert cache_bytes_per_token(model_of(models, "llama-3.1-70b")) == 2 * 80 * 8 * 128 * 2 == 327_680
    assert cache_bytes_per_token(model_of(models, "qwen2.5-0.5b")) == 2 * 24 * 2 * 64 * 2 == 12_288


def test_papers_teachers_and_students_are_there(models: ModelCatalogue) -> None:
    used: dict[str, list[str]] = {}
    for name in SHAPES:
        for role in model_of(models, name).roles:
            used.setdefault(role, []).append(name)
    assert used["CLCA teacher"] == ["llama-3.1-70b", "qwen2.5-32b"]
    assert len(used["CLCA student"]) == 7
    assert sorted(used["S2N student"]) == ["gemma-2-9b", "llama-3.1-8b", "llama-3.1-8b-base", "qwen2.5-7b"]


def test_what_to_try_instead_is_lighter_and_comes_to_an_end(models: ModelCatalogue) -> None:
    for name in SHAPES:
        model = model_of(models, name)
        if model.smaller is not None:
            assert model_of(models, model.smaller).weights < model.weights


# ---------------------------------------------------------------- the catalogue's file


def test_model_is_found_by_alias_or_hub_id_in_any_case(models: ModelCatalogue) -> None:
    assert model_of(models, "Llama-3.1-70B") is model_of(models, "meta-llama/llama-3.1-70b-instruct")
    assert models.find("Qwen/Qwen2.5-14B-Instruct") is None


def test_variant_has_the_shape_of_its_model_and_is_named_by_it(models: ModelCatalogue) -> None:
    whole, variant = model_of(models, "qwen2.5-32b"), model_of(models, "qwen2.5-32b-awq")
    assert whole.quantised == ("qwen2.5-32b-int8", "qwen2.5-32b-awq")
    assert (variant.layers, variant.context, variant.quantised) == (64, 32_768, ())
    assert (variant.hub, variant.precision, variant.gated) == ("Qwen/Qwen2.5-32B-Instruct-AWQ", "int4", False)


def entry(**changes: object) -> str:
    keys: dict[str, object] = {
        "hub": "org/one",
        "parameters": 1_000,
        "embeddings": 100,
        "layers": 2,
        "heads": 4,
        "kv_heads": 2,
        "head_dim": 8,
        "context": 512,
        "licence": "MIT",
        "gated": "false",
        **changes,
    }
    return "".join(f"    {key}: {value}\n" for key, value in keys.items() if value is not None)


VARIANT = """quantised:
  two:
    of: {of}
    hub: {hub}
    precision: int4
    weights: 9
    licence: MIT
    gated: true
"""


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("models:\n  one:\n" + entry(layer=3), 13, "models.one.layer: unknown key"),
        ("models:\n  one:\n" + entry(layers=0), 6, "models.one.layers: Input should be greater than 0 (given: 0)"),
        ("models:\n  one:\n" + entry(gated=None), 2, "models.one.gated: missing key"),
        ("models:\n  One:\n" + entry(), 2, "models.One: String should match pattern"),
        (
            "models:\n  one:\n" + entry(embeddings=1_000),
            2,
            "models.one: embeddings (1000) must be fewer than parameters",
        ),
        ("models:\n  one:\n" + entry(kv_heads=3), 2, "models.one: heads (4) must be a multiple of kv_heads (3)"),
        ("models:\n  one:\n" + entry(precision="fp8"), 2, "models.one: weights: missing key, needed for fp8 weights"),
        ("models:\n  one:\n" + entry(smaller="ones"), 13, "models.one.smaller: no model 'ones'; did you mean one?"),
        ("models:\n  one:\n" + entry() + VARIANT.format(of="ones", hub="a/b"), 15, "quantised.two.of: no model 'ones'"),
        (
            "models:\n  one:\n" + entry() + VARIANT.format(of="one", hub="Org/One"),
            16,
            "hub: duplicate Org/One, which is one already",
        ),
        (
            "models:\n  two:\n" + entry() + VARIANT.format(of="two", hub="a/b"),
            15,
            "quantised.two.of: the alias is an entry of models, too",
        ),
    ],
)
def test_fault_in_the_file_is_named_with_line_and_key(overlay: Overlay, text: str, line: int, message: str) -> None:
    with pytest.raises(ContentError) as caught:
        ModelCatalogue(overlay({PATH: text}))
    assert message in caught.value.message
    assert caught.value.line == line


def test_workspace_adds_models_of_its_own(overlay: Overlay) -> None:
    models = ModelCatalogue(overlay({PATH: "models:\n  one:\n" + entry(serve="[--dtype, float16]")}))
    assert models.names() == ["one"]
    assert model_of(models, "one").serve == ("--dtype", "float16")


# ---------------------------------------------------------------- local folders

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "vocab_size": 100,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}


def checkpoint(folder: Path, config: dict[str, Any] | None = None, **files: int) -> Path:
    """A folder with this configuration and files of so many bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG if config is None else config))
    for name, size in (files or {"model.safetensors": 50_000}).items():
        (folder / name).write_bytes(bytes(size))
    return folder


def test_folder_is_read_from_its_configuration_and_its_files_sizes(models: ModelCatalogue, tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "mine")
    model = find_model(str(folder), models, {})
    assert model == ModelInfo(
        name="mine",
        hub=str(folder),
        parameters=25_000,
        embeddings=2 * 100 * 64,
        layers=2,
        heads=8,
        kv_heads=4,
        head_dim=8,
        context=4096,
        precision="bf16",
        weights=50_000,
        licence="unknown",
        gated=False,
    )
    assert model.local


def test_relative_folder_is_known_by_its_absolute_path(
    models: ModelCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "./mine", "../" + tmp_path.name + "/mine"):
        model = find_model(name, models, {})
        assert model is not None
        assert model.hub == str(tmp_path / "mine")


def test_alias_goes_before_a_folder_of_the_same_name(
    models: ModelCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint(tmp_path / "llama-3.2-1b")
    monkeypatch.chdir(tmp_path)
    by_alias, by_path = find_model("llama-3.2-1b", models, {}), find_model("./llama-3.2-1b", models, {})
    assert by_alias is not None
    assert by_path is not None
    assert (by_alias.local, by_path.local) == (False, True)


@pytest.mark.parametrize(
    ("files", "weights"),
    [
        ({"a.safetensors": 10, "b.safetensors": 20, "pytorch_model.bin": 30}, 30),
        ({"model.safetensors": 10, "consolidated.safetensors": 10}, 10),
        ({"consolidated.safetensors": 10}, 10),
        ({"pytorch_model.bin": 40, "training_args.bin": 5}, 40),
    ],
)
def test_a_second_copy_of_the_weights_is_not_counted(
    models: ModelCatalogue, tmp_path: Path, files: dict[str, int], weights: int
) -> None:
    model = find_model(str(checkpoint(tmp_path / "mine", None, **files)), models, {})
    assert model is not None
    assert model.weights == weights


def packed(bits: int, kind: str) -> dict[str, Any]:
    return {"group_0": {"weights": {"num_bits": bits, "type": kind}}}


@pytest.mark.parametrize(
    ("scheme", "precision"),
    [
        ({"quant_method": "awq", "bits": 4}, "int4"),
        ({"quant_method": "gptq", "bits": 8}, "int8"),
        ({"quant_method": "fp8"}, "fp8"),
        ({"quant_method": "fbgemm_fp8"}, "fp8"),
        ({"quant_method": "mxfp4"}, "fp4"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "int4"),
        ({"quant_method": "compressed-tensors", "config_groups": packed(8, "float")}, "fp8"),
        ({"quant_method": "compressed-tensors", "config_groups": packed(4, "int")}, "int4"),
        ({"quant_method": "aqlm"}, "quantised"),
    ],
)
def test_quantised_folder_says_its_precision(
    models: ModelCatalogue, tmp_path: Path, scheme: dict[str, Any], precision: str
) -> None:
    model = find_model(str(checkpoint(tmp_path / "mine", {**CONFIG, "quantization_config": scheme})), models, {})
    assert model is not None
    assert (model.precision, model.weights, model.parameters) == (precision, 50_000, 0)


def test_language_part_of_a_model_that_also_sees_is_read(models: ModelCatalogue, tmp_path: Path) -> None:
    config = {"text_config": CONFIG, "vision_config": {"hidden_size": 7}, "torch_dtype": "float32"}
    model = find_model(str(checkpoint(tmp_path / "mine", config)), models, {})
    assert model is not None
    assert (model.layers, model.context) == (2, 4096)


def test_configuration_that_says_no_shape_gives_no_model(models: ModelCatalogue, tmp_path: Path) -> None:
    assert find_model(str(checkpoint(tmp_path / "mine", {"model_type": "mamba"})), models, {}) is None


def test_folder_that_is_no_model_is_refused_by_what_it_lacks(models: ModelCatalogue, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"holds no config\.json"):
        find_model(str(tmp_path), models, {})
    (tmp_path / "adapter_config.json").touch()
    with pytest.raises(SettingsError, match="holds a LoRA adapter"):
        find_model(str(tmp_path), models, {})
    with pytest.raises(SettingsError, match="holds no weights"):
        find_model(str(checkpoint(tmp_path / "a", None, README=1)), models, {})
    broken = checkpoint(tmp_path / "b")
    (broken / "config.json").write_text('{"hidden_size":')
    with pytest.raises(SettingsError, match=r"b/config\.json: not JSON"):
        find_model(str(broken), models, {})
    partial = checkpoint(tmp_path / "c")
    (partial / "model.safetensors.index.json").write_text('{"weight_map": {"x": "model-2.safetensors"}}')
    with pytest.raises(SettingsError, match=r"lacks model-2\.safetensors, which its index lists"):
        find_model(str(partial), models, {})


def test_misspelt_alias_names_the_nearest_and_how_else_to_say_it(models: ModelCatalogue) -> None:
    with pytest.raises(NotFoundError) as caught:
        find_model("lama-3.1-70b", models, {})
    assert caught.value.message.startswith("unknown model 'lama-3.1-70b'; did you mean llama-3.1-70b")
    assert "hub ids look like org/name; a local folder like ./name" in caught.value.message
    with pytest.raises(NotFoundError, match=r"no folder '\./nowhere'"):
        find_model("./nowhere", models, {})


# ---------------------------------------------------------------- the local cache


def snapshot(cache: Path, hub_id: str = "org/name", revision: str = "abc", **files: int) -> Path:
    repository = cache / f"models--{hub_id.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True, exist_ok=True)
    (repository / "refs" / "main").write_text(revision)
    return checkpoint(repository / "snapshots" / revision, None, **files)


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HF_HUB_CACHE": "{}/here"}, "here"),
        ({"HF_HOME": "{}/home"}, "home/hub"),
        ({"HF_HOME": "{}/home", "HF_HUB_CACHE": "{}/here"}, "here"),
        ({"HOME": "{}"}, ".cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "{}/xdg"}, "xdg/huggingface/hub"),
    ],
)
def test_cache_is_where_the_hubs_own_client_keeps_it(tmp_path: Path, environment: dict[str, str], folder: str) -> None:
    there = snapshot(tmp_path / folder)
    assert cached_snapshot("org/name", {key: value.format(tmp_path) for key, value in environment.items()}) == there


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}])
def test_without_a_home_the_cache_is_that_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # what the system says of the user
    there = snapshot(tmp_path / ".cache/huggingface/hub")
    assert cached_snapshot("org/name", environment) == there


def test_half_a_download_is_not_cached(tmp_path: Path) -> None:
    environment = {"HF_HUB_CACHE": str(tmp_path)}
    assert cached_snapshot("org/name", environment) is None
    folder = snapshot(tmp_path, **{"model-1.safetensors": 5})
    index = {"weight_map": {"x": "model-1.safetensors", "y": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert cached_snapshot("org/name", environment) is None
    (folder / "model-2.safetensors").symlink_to(tmp_path / "blob")
    assert cached_snapshot("org/name", environment) is None
    (tmp_path / "blob").write_bytes(bytes(7))
    assert cached_snapshot("org/name", environment) == folder
    (folder / "config.json").unlink()
    assert cached_snapshot("org/name", environment) is None


def test_configuration_alone_is_not_cached(tmp_path: Path) -> None:
    snapshot(tmp_path, README=1)
    assert cached_snapshot("org/name", {"HF_HUB_CACHE": str(tmp_path)}) is None


def test_snapshot_that_main_names_goes_first(tmp_path: Path) -> None:
    first = snapshot(tmp_path, revision="zzz")
    snapshot(tmp_path, revision="aaa")
    (tmp_path / "models--org--name" / "refs" / "main").write_text("zzz")
    assert cached_snapshot("org/name", {"HF_HUB_CACHE": str(tmp_path)}) == first


def test_hub_id_in_the_cache_is_known_offline(models: ModelCatalogue, tmp_path: Path) -> None:
    snapshot(tmp_path)
    environment = {"HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    model = find_model("org/name", models, environment)
    assert model is not None
    assert (model.name, model.hub, model.weights) == ("org/name", "org/name", 50_000)
    assert find_model("org/other", models, environment) is None


def test_token_is_found_where_it_may_be_but_never_told(tmp_path: Path) -> None:
    assert not has_token({"HOME": str(tmp_path)})
    assert has_token({"HF_TOKEN": "hf_x"}) is True
    assert has_token({"HUGGING_FACE_HUB_TOKEN": "hf_x"}) is True
    (tmp_path / "token").write_text("hf_x\n")
    assert has_token({"HF_HOME": str(tmp_path)}) is True
    assert has_token({"HF_TOKEN_PATH": str(tmp_path / "token")}) is True
    (tmp_path / "token").write_text("\n")
    assert has_token({"HF_HOME": str(tmp_path)}) is False


def test_gated_model_needs_a_token_or_a_copy(models: ModelCatalogue, tmp_path: Path) -> None:
    gated, free = model_of(models, "llama-3.2-1b"), model_of(models, "qwen2.5-0.5b")
    environment = {"HOME": str(tmp_path), "HF_HUB_CACHE": str(tmp_path)}
    with pytest.raises(SettingsError) as caught:
        require_access(gated, environment)
    assert caught.value.message == (
        "meta-llama/Llama-3.2-1B-Instruct is gated: accept its licence at"
        " https://huggingface.co/meta-llama/Llama-3.2-1B-Instruct; then `hf auth login` or set HF_TOKEN"
    )
    require_access(free, environment)
    require_access(gated, {**environment, "HF_TOKEN": "hf_x"})
    snapshot(tmp_path, gated.hub)
    require_access(gated, environment)


# ---------------------------------------------------------------- the hub


@dataclass
class Hub:
    """A server that answers as the hub does; `files` are weights by name, `status` and `code` a refusal."""

    url: str = ""
    status: int = 200
    code: str = ""
    refuse_config: bool = False
    files: dict[str, int] = field(default_factory=lambda: {"model.safetensors": 50_000})
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def hub() -> Iterator[Hub]:
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            state.asked.append(f"{self.command} {self.path} {self.headers.get('authorization', '')}".strip())
            is_config = self.path.endswith("config.json")
            if state.status != 200 and (is_config or not state.refuse_config):
                self.send_response(state.status)
                if state.code:
                    self.send_header("X-Error-Code", state.code)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            siblings = [{"rfilename": name, "size": size} for name, size in state.files.items()]
            told = {"id": "org/name", "siblings": siblings, "gated": "manual", "cardData": {"license": "mit"}}
            body = json.dumps(CONFIG if is_config else told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"1"')
            self.send_header("X-Repo-Commit", "a" * 40)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def asking(hub: Hub, folder: Path, **more: str) -> dict[str, str]:
    return {"HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(folder / "cache"), "HOME": str(folder), **more}


def test_hub_is_asked_for_sizes_and_configuration_but_for_no_weights(
    models: ModelCatalogue, hub: Hub, tmp_path: Path
) -> None:
    hub.files = {"model-1.safetensors": 30_000, "model-2.safetensors": 20_000, "original/consolidated.pth": 50_000}
    model = find_model("org/name", models, asking(hub, tmp_path, HF_TOKEN="hf_x"))
    assert model is not None
    assert (model.weights, model.layers, model.licence, model.gated) == (50_000, 2, "mit", True)
    assert {line.split()[1].partition("?")[0] for line in hub.asked} == {
        "/api/models/org/name",
        "/org/name/resolve/main/config.json",
    }
    assert all(line.endswith("Bearer hf_x") for line in hub.asked)


@pytest.mark.parametrize(
    ("status", "code", "error", "message"),
    [
        (404, "RepoNotFound", NotFoundError, "no model 'org/name' on the hub, or a private one"),
        (401, "", NotFoundError, "for a private one `hf auth login` or set HF_TOKEN"),
        (403, "GatedRepo", SettingsError, "org/name is gated: accept its licence at https://huggingface.co/org/name;"),
        (403, "", SettingsError, "then `hf auth login` or set HF_TOKEN"),
    ],
)
def test_refusal_of_the_hub_is_one_line_that_says_what_to_do(
    models: ModelCatalogue, hub: Hub, tmp_path: Path, status: int, code: str, error: type[Exception], message: str
) -> None:
    hub.status, hub.code = status, code
    with pytest.raises(error) as caught:
        find_model("org/name", models, asking(hub, tmp_path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gated_model_whose_size_is_public_is_still_refused(models: ModelCatalogue, hub: Hub, tmp_path: Path) -> None:
    hub.status, hub.code, hub.refuse_config = 403, "GatedRepo", True
    with pytest.raises(SettingsError) as caught:
        find_model("org/name", models, asking(hub, tmp_path, HF_TOKEN="hf_secret"))
    assert "the token in use has no access" in caught.value.message
    assert "hf_secret" not in caught.value.message


def test_model_without_weights_that_vllm_reads_is_refused(models: ModelCatalogue, hub: Hub, tmp_path: Path) -> None:
    hub.files = {"model.gguf": 50_000}
    with pytest.raises(SettingsError, match=r"has neither \*\.safetensors nor \*\.bin on the hub"):
        find_model("org/name", models, asking(hub, tmp_path))


def test_hub_is_not_asked_offline_or_for_a_model_of_the_catalogue(
    models: ModelCatalogue, hub: Hub, tmp_path: Path
) -> None:
    assert find_model("org/name", models, asking(hub, tmp_path, HF_HUB_OFFLINE="1")) is None
    assert find_model("llama-3.1-70b", models, asking(hub, tmp_path)) is not None
    assert hub.asked == []


def test_size_is_unknown_where_the_hub_cannot_be_reached_or_fails(
    models: ModelCatalogue, hub: Hub, tmp_path: Path
) -> None:
    assert find_model("org/name", models, {**asking(hub, tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}) is None
    hub.status = 400
    assert find_model("org/name", models, asking(hub, tmp_path)) is None
