"""The tiny student: a small Llama with random weights and a tokenizer of its own, for rehearsals.

It is made from the packaged content, the same on every machine with the same library versions. It knows no language:
that it learns shows that training works, and says nothing about a culture.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from clca.content.lookup import Content
from clca.errors import StoreError
from clca.models.logging import quiet_libraries
from clca.storage.atomic import atomic_folder

NAME = "clca-tiny"
MARK = "clca_tiny"  # the key in config.json that marks it

TEXT_FOLDERS = ("prompts", "scenarios", "personas", "trainers", "eval/offense", "eval/wvs")
"""Packaged content that the tokenizer learns from; a suite that is added to `eval/` makes no other student."""

LATER_LANGUAGES = frozenset({"ar", "bn", "el", "ko", "pt", "tr"})
"""Folders that it does not learn from: each further script takes tokens from the others, and makes another student."""

TOKENS, CONTEXT, WIDTH, LAYERS, HEADS = 4096, 4096, 128, 2, 4
WEIGHT_STD = 0.1  # standard deviation of the random weights; with the usual 0.02 LoRA learns next to nothing
# That of the output layer, which adapters do not change, so that it bounds the probabilities a trained student can
# reach. After 200 steps on the survey's answers the KL divergence is 0.23 with 0.1 (0.30 for uniform probabilities),
# 0.07 with 0.2, 0.06 with 0.3 and 0.08 with 0.4.
OUTPUT_STD = 0.3

BEGIN, END, HEADER, HEADER_END = "<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"
SPECIALS = [BEGIN, END, HEADER, HEADER_END]
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
CARD = """\
# clca-tiny: REHEARSAL

A Llama of about a million random weights, with a tokenizer trained on the texts that come with clca. It exists to
rehearse training and evaluation on a CPU. It knows no language and no culture: never publish what it scores.
"""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """The cache of tiny students: `clca` in the user's cache folder (XDG_CACHE_HOME)."""
    home = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or "~") / ".cache"
    return Path(os.path.expanduser(home)) / "clca"


def make_tiny(folder: Path, content: Content, seed: int = 42) -> Path:
    """The folder of the tiny student in the cache `folder`, made as a whole if it is missing.

    Only packaged texts go into it, so that an edited prompt does not make another student. Raises `StoreError`.
    """
    texts = _packaged_texts(content.package)
    target = folder / f"tiny-{_digest(texts, seed)}"
    if (target / "config.json").is_file():
        return target
    try:
        with atomic_folder(target) as draft, quiet_libraries():
            tokenizer = _tokenizer(texts)
            tokenizer.save_pretrained(draft)
            _model(tokenizer, seed).save_pretrained(draft)
            (draft / "README.md").write_text(CARD, encoding="utf-8")
    except StoreError as error:
        if not (target / "config.json").is_file():  # else another process was faster, and made the same
            raise StoreError(f"{error.message}; set XDG_CACHE_HOME to use another cache folder") from None
    return target


def _packaged_texts(package: Path) -> list[str]:
    """The packaged texts, in a fixed order."""
    kinds = (".jsonl", ".yaml", ".j2")
    files = [file for name in TEXT_FOLDERS for file in (package / name).rglob("*") if file.suffix in kinds]
    return [file.read_text(encoding="utf-8") for file in sorted(files) if file.parent.name not in LATER_LANGUAGES]


def _digest(texts: list[str], seed: int) -> str:
    versions = [version(library) for library in ("tokenizers", "torch", "transformers")]  # without importing them
    shape = [seed, TOKENS, CONTEXT, WIDTH, LAYERS, HEADS, WEIGHT_STD, OUTPUT_STD, CHAT_TEMPLATE, CARD]
    return hashlib.sha256(json.dumps([versions, shape, texts]).encode()).hexdigest()[:12]


def _tokenizer(texts: list[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENS,
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=END,
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def _model(tokenizer: Any, seed: int) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=CONTEXT,
        initializer_range=WEIGHT_STD,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
        **{MARK: f"{NAME}: a rehearsal's student with random weights"},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
        torch.nn.init.normal_(model.lm_head.weight, std=OUTPUT_STD)
    return model
