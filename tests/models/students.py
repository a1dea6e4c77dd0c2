"""Small tokenizers of the four families of students, with chat templates written to the published formats."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

LLAMA_3 = """\
{{- bos_token }}
{%- if not date_string is defined %}{% set date_string = strftime_now("%d %b %Y") %}{% endif %}
{%- set system = "" %}
{%- if messages[0]["role"] == "system" %}
{%- set system = messages[0]["content"] | trim %}{% set messages = messages[1:] %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\nCutting Knowledge Date: December 2023\\nToday Date: " }}
{{- date_string + "\\n\\n" + system + "<|eot_id|>" }}
{%- for message in messages %}
{{- "<|start_header_id|>" + message["role"] + "<|end_header_id|>\\n\\n" + message["content"] | trim + "<|eot_id|>" }}
{%- endfor %}
{%- if add_generation_prompt %}{{ "<|start_header_id|>assistant<|end_header_id|>\\n\\n" }}{% endif %}"""

QWEN_2_5 = """\
{%- set system = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant." %}
{%- if messages[0]["role"] == "system" %}
{%- set system = messages[0]["content"] %}{% set messages = messages[1:] %}
{%- endif %}
{{- "<|im_start|>system\\n" + system + "<|im_end|>\\n" }}
{%- for message in messages %}
{{- "<|im_start|>" + message["role"] + "\\n" + message["content"] + "<|im_end|>\\n" }}
{%- endfor %}
{%- if add_generation_prompt %}{{ "<|im_start|>assistant\\n" }}{% endif %}"""

# The system text goes into the last user turn.
MISTRAL_V0_3 = """\
{%- set system = "" %}
{%- if messages[0]["role"] == "system" %}
{%- set system = messages[0]["content"] + "\\n\\n" %}{% set messages = messages[1:] %}
{%- endif %}
{{- bos_token }}
{%- for message in messages %}
{%- if (message["role"] == "user") != (loop.index0 % 2 == 0) %}
{{- raise_exception("After the optional system message, roles must alternate user/assistant") }}
{%- elif message["role"] == "user" %}
{%- set last = messages[loop.index0 + 1 :] | selectattr("role", "equalto", "user") | list | length == 0 %}
{{- "[INST] " + (system if last else "") + message["content"] + "[/INST]" }}
{%- else %}
{{- " " + message["content"] | trim + eos_token }}
{%- endif %}
{%- endfor %}"""

GEMMA_2 = """\
{{- bos_token }}
{%- if messages[0]["role"] == "system" %}{{ raise_exception("System role not supported") }}{% endif %}
{%- for message in messages %}
{%- if (message["role"] == "user") != (loop.index0 % 2 == 0) %}
{{- raise_exception("Conversation roles must alternate user/assistant") }}
{%- endif %}
{%- set role = "model" if message["role"] == "assistant" else message["role"] %}
{{- "<start_of_turn>" + role + "\\n" + message["content"] | trim + "<end_of_turn>\\n" }}
{%- endfor %}
{%- if add_generation_prompt %}{{ "<start_of_turn>model\\n" }}{% endif %}"""

TEMPLATES = {"llama-3": LLAMA_3, "qwen-2.5": QWEN_2_5, "mistral-v0.3": MISTRAL_V0_3, "gemma-2": GEMMA_2}
SPECIALS = {
    "llama-3": ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"],
    "qwen-2.5": ["<|endoftext|>", "<|im_end|>", "<|im_start|>"],
    "mistral-v0.3": ["<s>", "</s>", "[INST]", "[/INST]"],
    "gemma-2": ["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"],
}
STUDENTS = list(TEMPLATES)
CORPUS = ["Good morning. Would you like some tea? The shop is closed, so I will come again. Intent: a greeting."] * 3


@cache
def student(name: str, template: str | None = None) -> Any:
    """A tokenizer that splits text as the family's does; `template` takes the place of its own, "" of none."""
    specials = SPECIALS[name]
    inner = _byte_level() if name in ("llama-3", "qwen-2.5") else _sentencepiece("first" if name[0] == "m" else "never")
    inner.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token=None if name == "qwen-2.5" else specials[0],
        eos_token=specials[1],
        chat_template=TEMPLATES[name] if template is None else template or None,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.name_or_path = name
    return tokenizer


def _byte_level() -> Tokenizer:
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False)
    inner.train_from_iterator(CORPUS, trainer)
    return inner


def _sentencepiece(prepend: str) -> Tokenizer:
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prepend)
    trained.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=200, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    vocabulary = dict(model["vocab"])
    for byte in range(256):
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    inner = Tokenizer(models.BPE(vocabulary, [tuple(merge) for merge in model["merges"]], byte_fallback=True))
    inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prepend)
    inner.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return inner
