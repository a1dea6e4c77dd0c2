"""Attacks by a model's folder or an adapter's: code by a detour, pickles, memory, time; each is refused in one line."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from safetensors import SafetensorError

from clca import cli
from clca.errors import ClcaError, ContentError, SettingsError, StoreError
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.model_loading import _with_adapter, load
from clca.inference.hf_model import HfModel, LocalError
from clca.inference.prefix_cache import NoNumbersError
from clca.inference.prompt_format import Mode, TextFormat
from clca.inference.requests import Question, RequestGroup
from clca.inference.tokenization import Tokens, TokensError
from clca.models import tokenizer_file
from clca.models.adapter_config import require_plain, require_rank
from clca.models.hf_config import refuse_absurd
from clca.models.load import load_config, load_model, load_tokenizer
from clca.models.quantization import Quantization
from clca.models.shape import load_shape
from clca.models.student import Student
from clca.training import work_dir
from clca.training.examples import Example, ExampleCounts, Text
from clca.training.merge import _save
from clca.training.tokenization import Encoder


@pytest.fixture
def student(tmp_path: Path, tiny_student: Student) -> Student:
    """A student that somebody else has made."""
    folder = shutil.copytree(tiny_student.source, tmp_path / "model")
    return replace(tiny_student, source=str(folder))


def change(student: Student, name: str, **keys: Any) -> None:
    file = Path(student.source) / name
    file.write_text(json.dumps({**(json.loads(file.read_text()) if file.exists() else {}), **keys}))


KERNEL = "nobody/kernel"
CONFIGS: dict[str, tuple[dict[str, Any], str]] = {
    "a kernel": ({"_attn_implementation": KERNEL}, "needs a kernel of the hub, which is code"),
    "a kernel of a revision": ({"attn_implementation": f"{KERNEL}@main:f"}, "needs a kernel of the hub"),
    "a kernel for a part": ({"text_config": {"_attn_implementation": KERNEL}}, "needs a kernel of the hub"),
    "kernels by part": ({"attn_implementation": {"": "sdpa", "vision_config": KERNEL}}, "needs a kernel of the hub"),
    "a kernel in a list": ({"parts": [{"attn_implementation_internal": KERNEL}]}, "needs a kernel of the hub"),
    "a kernel of experts": ({"experts_implementation": KERNEL}, "needs a kernel of the hub"),
    "code for a part": ({"vision_config": {"auto_map": {"AutoModel": "code.Model"}}}, "names code for a part of it"),
    "a quantisation for a part": ({"text_config": {"quantization_config": {"bits": 4}}}, "is published quantised"),
    "a quantisation by another name": ({"compression_config": {"ignore": ["(a+)+$"]}}, "is published quantised"),
    "weights by name": ({"transformers_weights": "adapter_model.bin"}, "names the file of its weights itself"),
    "layers of a part": ({"vision_config": {"num_hidden_layers": 10**9}}, "num_hidden_layers is not between 0 and"),
    "layers by another name": ({"n_layer": 10**9}, "n_layer is not between 0 and 1,000"),
    "width by another name": ({"audio_config": {"d_model": 10**12}}, "d_model is not between 0 and"),
    "experts in a list": ({"parts": [{"moe_num_experts": 1e300}]}, "moe_num_experts is not between 0 and"),
    "layers of experts": ({"num_hidden_layers": 999, "num_experts": 9999}, "999 layers of 9,999 experts"),
}


@pytest.mark.parametrize("attack", CONFIGS)
def test_a_configuration_is_refused_before_transformers_reads_it(student: Student, attack: str) -> None:
    keys, said = CONFIGS[attack]
    change(student, "config.json", **keys)
    readers: list[Callable[[], object]] = [
        lambda: load_config(student),
        lambda: load_tokenizer(student),
        lambda: load_shape(student, ["q_proj"]),
        lambda: load_model(student, Quantization(bits=16), "cpu"),
    ]
    for read in readers:
        with pytest.raises(SettingsError, match=rf"^{student.source}\b.*{said}") as caught:
            read()
        assert "\n" not in caught.value.message


def test_a_configuration_of_which_no_model_is_made_is_one_line(student: Student) -> None:
    change(student, "config.json", max_new_tokens="x")
    with pytest.raises(SettingsError, match=rf"^{student.source} cannot be loaded: TypeError"):
        load_shape(student, ["q_proj"])


def test_configurations_of_models_are_not_absurd() -> None:
    """Numbers as they stand in those of Kimi K2, Qwen 3 Next, Gemma 3n and a GPTQ checkpoint."""
    refuse_absurd("kimi", {"num_hidden_layers": 61, "n_routed_experts": 384, "vocab_size": 163840, "rope_theta": 5e7})
    refuse_absurd("qwen", {"num_hidden_layers": 48, "num_experts": 512, "max_position_embeddings": 2**18})
    refuse_absurd(
        "gemma", {"text_config": {"hidden_size": 2048, "laurel_rank": 64, "vocab_size_per_layer_input": 2**18}}
    )
    refuse_absurd("gptq", {"quantization_config": {"group_size": -1, "bits": 4}, "tie_word_embeddings": True})


@pytest.mark.parametrize(
    "name",
    ["special_tokens_map.json", "generation_config.json", "chat_template.jinja", "additional_chat_templates/x.jinja"],
)
def test_a_terabyte_beside_the_weights_is_not_read(student: Student, name: str) -> None:
    file = Path(student.source) / name
    file.parent.mkdir(exist_ok=True)
    with file.open("wb") as stream:
        stream.truncate(2**40)
    for read in (load_config, load_tokenizer):
        with pytest.raises(SettingsError, match=rf"{file.name} is larger than 16 MiB"):
            read(student)


SIZES: dict[str, dict[str, Any]] = {
    "positions": {"model_type": "gpt2", "n_positions": 2**30, "n_embd": 64, "n_layer": 1, "n_head": 2, "n_inner": None},
    "experts": {
        "model_type": "mixtral",
        "num_local_experts": 2**13,
        "intermediate_size": 2**12,
        "num_hidden_layers": 2,
    },
    "a picture's part": {
        "model_type": "gemma3",
        "text_config": {"hidden_size": 8, "num_hidden_layers": 1, "intermediate_size": 8, "num_attention_heads": 1},
        "vision_config": {"hidden_size": 2**14, "intermediate_size": 2**20, "num_attention_heads": 1},
    },
}


@pytest.mark.parametrize("attack", SIZES)
def test_a_model_has_no_more_parameters_than_its_weights(student: Student, attack: str) -> None:
    """Also in parts that neither a hidden nor an intermediate size tells of: the model is counted as it is made."""
    (Path(student.source) / "config.json").write_text(json.dumps(SIZES[attack]))
    with pytest.raises(SettingsError, match=r"config\.json tells of [\d,]{11,} parameters, and the weights have"):
        load_model(student, Quantization(bits=16), "cpu")


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def listed(name: str) -> Callable[[Path], None]:
    def index(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / Path(name).name)
        weights = {"weight_map": {"model.embed_tokens.weight": name}, "metadata": {}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(weights))

    return index


PICKLES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pickle": (pickled, r"has neither model\.safetensors nor .*clca loads no pickles"),
    "a pickle in an index": (listed("weights.bin"), r"lists weights\.bin, which is no \.safetensors file beside it"),
    "a file outside": (listed("../weights.safetensors"), r"lists \.\./weights\.safetensors, which is no"),
    "no file": (lambda folder: listed("x.safetensors")(folder) or change_index(folder), "lists no file"),
    "an adapter": (
        lambda folder: (folder / "adapter_config.json").write_text("{}") and None,
        "holds an adapter_config",
    ),
}


def change_index(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {}}')


@pytest.mark.parametrize("attack", PICKLES)
def test_weights_are_safetensors_of_the_folder_itself(student: Student, attack: str) -> None:
    prepare, said = PICKLES[attack]
    prepare(Path(student.source))
    with pytest.raises(SettingsError, match=rf"^{student.source}\b.*{said}"):
        load_model(student, Quantization(bits=16), "cpu")


def replacing(content: str, *, times: int = 1, **pattern: str) -> dict[str, Any]:
    step = {"type": "Replace", "pattern": pattern, "content": content}
    return {"type": "Sequence", "normalizers": [step] * times}


def splitting(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


TOKENIZERS: dict[str, tuple[dict[str, Any], str]] = {
    "a text ten times as long, ten times": ({"normalizer": replacing("a" * 10, times=10, Regex=".")}, "times as long"),
    "a text a million times as long": ({"normalizer": replacing("a" * 10**6, String="a")}, "times as long"),
    "a text twice as long, often": (
        {"decoder": {"type": "Sequence", "decoders": [{"type": "ByteLevel"}] * 40}},
        "times",
    ),
    "a thousand steps": ({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}] * 1000}}, "50 steps"),
    "a repeated group": ({"pre_tokenizer": splitting(r"(?:\w|\w\w)+(?=\d)(?=\D)")}, "for hours"),
    "many repeats": ({"pre_tokenizer": splitting(r"\w*\w*\w*\w*(?=\d)(?=\D)")}, "for hours"),
    "two repeats": ({"pre_tokenizer": splitting(r"[^\0]*[^\0]*(?=\x01)")}, "for hours"),
    "repeats in groups": ({"pre_tokenizer": splitting(r"(\w*|\d)(\w*|\d)(\w*|\d)!")}, "for hours"),
    "repeats with an end": ({"normalizer": replacing("", Regex=r"\w{0,99}\w{0,99}\w{0,99}!")}, "for hours"),
    "repeats of repeats": ({"pre_tokenizer": splitting(r"\w{0,99}+!")}, "for hours"),
    "a group that is repeated a hundred times": ({"pre_tokenizer": splitting(r"(a|aa){1,99}!")}, "for hours"),
    "repeats in what may be left out": ({"pre_tokenizer": splitting(r"\w(\w*\w*!)?")}, "for hours"),
    "a part that calls itself": ({"pre_tokenizer": splitting(r"(?<a>\w*\g<a>?)!")}, "for hours"),
    "merges by chance": (
        {"model": {"type": "BPE", "vocab": {}, "merges": [], "dropout": 0.5}},
        "other tokens each time",
    ),
    "words without end": (
        {"model": {"type": "WordPiece", "vocab": {}, "unk_token": "x", "max_input_chars_per_word": 10**9}},
        "takes words of more than 500 characters, which it may search for hours",
    ),
    "many added tokens": ({"added_tokens": [{"content": "x"}] * 100_001}, "more than 100,000 added tokens"),
    "a long affix": (
        {"model": {"type": "BPE", "vocab": {}, "merges": [], "end_of_word_suffix": "a" * 10**6}},
        "suffix",
    ),
}


@pytest.mark.parametrize("attack", TOKENIZERS)
def test_a_tokenizer_takes_neither_memory_nor_hours(student: Student, attack: str) -> None:
    keys, said = TOKENIZERS[attack]
    change(student, "tokenizer.json", **keys)
    with pytest.raises(SettingsError, match=said):
        load_tokenizer(student)


def test_a_tokenizer_is_of_the_file_that_is_looked_at(student: Student) -> None:
    change(student, "tokenizer_config.json", fast_tokenizer_files=["tokenizer.4.0.0.json"])
    with pytest.raises(SettingsError, match="names the file of its tokenizer itself"):
        load_tokenizer(student)


def test_a_tokenizer_that_makes_no_tokens_is_one_line(student: Student) -> None:
    change(student, "tokenizer_config.json", model_max_length="x")
    with pytest.raises(SettingsError, match=rf"^{student.source} cannot be loaded: TypeError"):
        load_tokenizer(student)


def test_a_tokenizer_that_panics_is_one_line(
    student: Student, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change(student, "tokenizer.json", pre_tokenizer=splitting(r"\w*\w*(?=\d)(?=\D)"))
    monkeypatch.setattr(tokenizer_file, "MOST_TRIALS", 10**9)
    tokenizer = load_tokenizer(student)
    monkeypatch.setattr(cli, "_run", lambda _: tokenizer(["a" * 20_000]))
    with pytest.raises(SystemExit):
        cli.main()
    assert "clca: a library stopped: Onig: Regex search error" in capsys.readouterr().err


PATTERNS = {
    "Llama 3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+",
    "GPT-4o": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re)?|\p{N}{1,3}",
    "DeepSeek": r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+",
    "o200k": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re)?"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "Kimi": r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{M}&&[^\p{Han}]]+(?i:'s|'t)?|\p{N}{1,3}",
    "BLOOM": r" ?[^(\s|[.,!?…。，、।۔،])]+",
    "StarCoder": r"(?<=[0-9])(?=(?:[0-9]{3})+(?![0-9]))",
    "GPT-2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
}


@pytest.mark.parametrize("family", PATTERNS)
def test_patterns_of_honest_tokenizers_are_taken(student: Student, family: str) -> None:
    normal = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, replacing("▁", String=" ")]}
    change(student, "tokenizer.json", pre_tokenizer=splitting(PATTERNS[family]), normalizer=normal)
    assert load_tokenizer(student)(["one two"])["input_ids"]


@pytest.mark.parametrize(
    "template",
    [
        [{"name": "../../x", "template": "a"}],
        [{"name": "default", "template": "a"}, {"name": "a/b", "template": "b"}],
        [{"name": "", "template": "a"}],
        [{"name": "default", "template": 5}],
        5,
        {"default": ["a"]},
    ],
)
def test_chat_templates_are_texts_with_plain_names(student: Student, template: object) -> None:
    """A tokenizer that is saved, as at the end of a training, names files by them."""
    (Path(student.source) / "chat_template.jinja").unlink(missing_ok=True)
    change(student, "tokenizer_config.json", chat_template=template)
    with pytest.raises(SettingsError, match=rf"^{student.source}\b"):
        load_tokenizer(student)


def test_what_cannot_be_saved_again_is_one_line(student: Student, tmp_path: Path) -> None:
    change(student, "generation_config.json", temperature=0.3, top_p=0.1, do_sample=False)
    model = load_model(student, Quantization(bits=16), "cpu")
    model.generation_config.num_return_sequences = -1
    with pytest.raises(SettingsError, match=rf"^{student.source} cannot be saved again: \S"):
        _save(model, tmp_path / "merged", student)


def foreign_tokenizer(student: Student) -> Any:
    """The student's tokenizer, with a token that it does not embed."""
    tokenizer = load_tokenizer(student)
    tokenizer.add_tokens(["<beyond>"])
    return tokenizer


@pytest.mark.parametrize("token", [[[1]], [{}], "end", 1.5, [True]], ids=str)
def test_the_end_of_a_reply_is_a_token(student: Student, token: object) -> None:
    """As `generation_config.json` has it, which transformers does not look at."""
    model = SimpleNamespace(generation_config=SimpleNamespace(eos_token_id=token))
    with pytest.raises(TokensError, match=r"^eos_token_id of .* is no number of a token: correct"):
        Tokens(load_tokenizer(student), TextFormat()).ends(model)


def test_a_token_that_is_not_embedded_is_one_line(student: Student) -> None:
    tokenizer = foreign_tokenizer(student)
    model = load(EvaluatedModel("tiny", student, 16, {}), "cpu")
    group = RequestGroup("", "", (Question("Say <beyond>.", ()),))
    with pytest.raises(LocalError, match=r"gives token .* they do not belong together"):
        HfModel(model, tokenizer, TextFormat(), "generate").predict([group], lambda *_: None)
    encoder = Encoder(tokenizer, 99, vocabulary=load_config(student).vocab_size)
    with pytest.raises(SettingsError, match=r"gives token .* they do not belong together"):
        list(encoder.rows([Example("1", "wiki", "japan", Text("", "Say <beyond>."))], ExampleCounts()))
    tokenizer.pad_token = "<beyond>"
    with pytest.raises(SettingsError, match="they do not belong together"):
        Encoder(tokenizer, 99, vocabulary=load_config(student).vocab_size)


# ---------------------------------------------------------------- adapters

PLAIN: dict[str, Any] = {
    "peft_type": "LORA", "r": 4, "lora_alpha": 16, "target_modules": ["q_proj", "mlp.down_proj"],
    "rank_pattern": {}, "alpha_pattern": None, "modules_to_save": None, "bias": "none", "task_type": "CAUSAL_LM",
    "init_lora_weights": True, "loftq_config": {}, "qalora_group_size": 16, "layer_replication": None,
}  # fmt: skip
ADAPTERS: list[dict[str, Any]] = [
    {"peft_type": "XLORA"},
    {"target_modules": r"(a+)+$"},
    {"target_modules": [r"(a+)+$"]},
    {"target_modules": ["q"] * 2000},
    {"target_modules": ["q" * 2000]},
    {"target_modules": 7},
    {"target_parameters": [7]},
    {"exclude_modules": r"(a+)+$"},
    {"modules_to_save": ["model"]},
    {"layers_to_transform": 3},
    {"layers_pattern": ["(a+)+$"]},
    {"layer_replication": [[0, 10**9]]},
    {"rank_pattern": {r"(.*)*x": 1}},
    {"alpha_pattern": {"q": "x"}},
    {"alpha_pattern": {"q": 10**400}},
    {"lora_alpha": 1e308},
    {"lora_alpha": 10**400},
    {"lora_alpha": "16"},
    {"lora_alpha": -1},
    {"lora_alpha": float("nan")},
    {"alpha_pattern": ["q"]},
    {"trainable_token_indices": [10**12]},
    {"init_lora_weights": "pissa"},
    {"task_type": "SEQ_2_SEQ_LM"},
    {"task_type": ["CAUSAL_LM"]},
    {"loftq_config": {"loftq_bits": 4}},
    {"megatron_config": {"x": 1}},
    {"peft_version": "x" * 2000},
]


@pytest.mark.parametrize("change", ADAPTERS, ids=lambda change: next(iter(change)))
def test_an_adapter_is_a_plain_lora_of_named_layers(change: dict[str, Any]) -> None:
    require_plain({**PLAIN, "rank_pattern": {r".*\.experts\.gate_up_proj": 8}})
    with pytest.raises(ValueError, match=rf"^{next(iter(change))}: "):
        require_plain(PLAIN | change)


def tensor(*shape: int, size: int | None = None, dtype: str = "F32") -> dict[str, Any]:
    begin = 100
    whole = 4 * shape[0] * shape[1] if size is None else size
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, begin + whole]}


@pytest.mark.parametrize("rank", [10**9, 5, 0, -1, "4", None, 1e9])
def test_a_rank_is_no_larger_than_the_weights(rank: object) -> None:
    weights = {"m.q_proj.lora_A.weight": tensor(4, 8), "m.q_proj.lora_B.weight": tensor(8, 4)}
    require_rank(PLAIN, weights)
    with pytest.raises(ValueError, match="is not between 1 and 4, the rank of the weights"):
        require_rank(PLAIN | {"r": rank}, weights)
    with pytest.raises(ValueError, match="is not between 1 and 4, the rank of the weights"):
        require_rank(PLAIN | {"rank_pattern": {"q_proj": rank}}, weights)


def test_a_rank_is_as_large_as_its_bytes() -> None:
    with pytest.raises(ValueError, match=r"lora_A\.weight: is not as large as its shape"):
        require_rank(PLAIN | {"r": 10**9}, {"m.q_proj.lora_A.weight": tensor(10**9, 8, size=4)})


@pytest.mark.parametrize(
    "about", [{}, [], {"dtype": "F32", "shape": 4, "data_offsets": [0, 4]}, {"dtype": [], "shape": []}]
)
def test_a_header_of_other_kinds_is_one_line(tmp_path: Path, about: object) -> None:
    from clca.models.adapter_weights import require_fitting

    header = json.dumps({"base_model.model.q.lora_A.weight": about}).encode()
    file = tmp_path / "adapter_model.safetensors"
    file.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(ContentError, match=r"adapter_model\.safetensors: is damaged"):
        require_fitting(file, PLAIN)
    assert issubclass(ContentError, ClcaError)


@pytest.mark.parametrize("mode", ["generate", "probability"])
def test_what_is_no_number_is_no_answer(student: Student, mode: Mode) -> None:
    """The likeliest of tokens whose scores are no numbers is the first, in silence."""
    model = load(EvaluatedModel("tiny", student, 16, {}), "cpu")
    model.lm_head.weight.data[7] = float("nan")
    group = RequestGroup("", "", (Question("Yes or no?", ("A", "B")),))
    with pytest.raises(NoNumbersError, match="give no numbers"):
        HfModel(model, load_tokenizer(student), TextFormat(), mode).predict([group], lambda *_: None)


def test_weights_of_an_adapter_that_overlap_are_one_line(
    student: Student, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As safetensors finds only when it opens them: it has errors of its own."""
    for error in (SafetensorError("InvalidOffset"), IndexError("list index"), OverflowError("too large")):
        monkeypatch.setattr("clca.evaluation.model_loading.load_adapter", Mock(side_effect=error))
        with pytest.raises(SettingsError, match=rf"^--adapter {tmp_path} cannot be loaded: {error}$"):
            _with_adapter(None, str(tmp_path))


def test_a_pickle_of_a_sharded_checkpoint_is_not_resumed_from(tmp_path: Path) -> None:
    """torch.distributed reads the names of the parts by pickle, without a bound on what it may run."""
    place = tmp_path / "checkpoints" / "checkpoint-1" / "pytorch_model_fsdp_0"
    place.mkdir(parents=True)
    work_dir.require_own(tmp_path)
    (place / ".metadata").touch()
    with pytest.raises(StoreError, match=r"\.metadata is a pickle"):
        work_dir.require_own(tmp_path)
