"""Makes a tiny Llama with random weights and a tokenizer of its own, for the tests that need a real server.

Run by a Python that has torch, transformers and tokenizers, as in the venv of `install.sh`:

    DIR/bin/python tests/vllm/make_model.py MODEL [--seed N]

What it says is noise around a fixed log-probability per token: that of the words in the repository's scenarios and
prompts, with the exceptions of `LOG_PROBABILITY`. So replies under a JSON schema have natural lengths, hold words
rather than bytes, and make natural choices: most turns speak, few leave.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

ROOT = Path(__file__).parents[2]
TOKENS, CONTEXT, WIDTH = 2048, 4096, 128
NOISE = 2.0  # standard deviation of a token's log-probability from context to context
RARE = -16.0  # log-probability of what no text should hold: quotes, colons, brackets, letters beyond ASCII

BEGIN, END, HEADER, HEADER_END = "<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)

# Dimensions that only what is written here reads and writes: one that is the same for all tokens, one for those that
# end a sentence.
RESERVED = 2
SAME, SENTENCE_END = 0, 1

# Choices have log-probabilities of their own and less noise. They hold for every token that a choice can begin with;
# of choices that exclude each other only the differences count.
CHOICES = {
    **dict.fromkeys(("good", "yes", "no", "not sure", "confident", "very confident", "generic", "cultural"), -10.0),
    **dict.fromkeys(("colleague", "neighbour", "friend"), -10.0),
    "bad": -10.5,
    "speak": -7.0,
    "non-verbal": -9.3,
    "leave": -10.0,
    **dict.fromkeys(("one", "ne", "e"), -14.0),  # how "none" goes on after what it shares with "non-verbal"
}
FIRM = 0.5  # share of the noise that choices have
CLOSING = -9.0  # of the quote that ends a text, in the middle of a sentence
CLOSING_SENTENCE = 3.0  # of that quote at the end of a sentence
END_OF_SENTENCE = -2.6  # of a full stop


def corpus() -> list[str]:
    """The texts of the scenarios, each person's line as prompts have it, the prompts, and some JSON.

    What is asked of a student only is left out: the biases above are those of these words.
    """
    prompts = [file for file in sorted(ROOT.glob("prompts/*.j2")) if not file.name.startswith("mmlu")]
    texts = [file.read_text(encoding="utf-8") for file in prompts]
    for file in sorted(ROOT.glob("scenarios/*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            people = record.get("participants", [])
            texts += [value for one in (record, *people) for value in one.values() if isinstance(value, str)]
            texts += [f"{one['name']}, {one['age']}, {one['gender']}, {one['occupation']}" for one in people]
            texts += [f"Goal: {one['goal']}\nSecret: {one['secret']}" for one in people]
            texts += [json.dumps(one, separators=(",", ":")) for one in people]
    return texts


def make_tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENS,
        special_tokens=[BEGIN, END, HEADER, HEADER_END],
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


def biases(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Per token the mean and the noise of its log-probability."""
    counts = Counter(token for text in texts if text.isprintable() for token in tokenizer(text)["input_ids"])
    total = sum(counts.values())
    mean, noise = torch.empty(len(tokenizer)), torch.full((len(tokenizer),), NOISE)
    for token in range(len(tokenizer)):
        text = tokenizer.decode([token])
        plain = text.isascii() and text.isprintable() and not set(text) & set('":\\{}[]<>|`_')
        mean[token] = math.log((counts[token] + 0.1) / total) if plain else RARE
        chosen = [value for choice, value in CHOICES.items() if choice.startswith(text)]
        if chosen:
            mean[token] = max(chosen)
        if text == '"':
            mean[token] = CLOSING
        if text == ".":
            mean[token] = END_OF_SENTENCE
        if chosen or not plain:
            noise[token] = FIRM * NOISE
    return mean, noise


def make_model(tokenizer: PreTrainedTokenizerFast, texts: list[str], seed: int) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    mean, noise = biases(tokenizer, texts)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="bfloat16",
    )
    model = LlamaForCausalLM(config)
    embedding, head = model.model.embed_tokens.weight, model.lm_head.weight
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() == 2:
                weight.normal_(0.0, 1 / math.sqrt(weight.shape[1]))
        for layer in model.model.layers:
            # What came earlier counts for more than the last token, or a reply at temperature 0 falls into a loop.
            layer.self_attn.q_proj.weight *= 2.0
            layer.self_attn.k_proj.weight *= 2.0
            layer.self_attn.o_proj.weight *= 3.0
            for weight in (layer.self_attn.o_proj.weight, layer.mlp.down_proj.weight):
                weight[:RESERVED] = 0.0
        embedding.normal_()
        embedding[:, :RESERVED] = 0.0
        embedding[:, SAME] = 4.0
        texts_of_tokens = [tokenizer.decode([token]) for token in range(len(tokenizer))]
        embedding[[text.endswith((".", "!", "?")) for text in texts_of_tokens], SENTENCE_END] = 8.0
        head.normal_()
        head -= embedding  # no token is likely after itself
        head *= (noise / math.sqrt(2 * WIDTH))[:, None]
        head[:, :RESERVED] = 0.0
        level = model.model(torch.randint(len(tokenizer), (1, 512))).last_hidden_state[..., SAME].mean()
        head[:, SAME] = mean / level
        stops = torch.full((1, 64), texts_of_tokens.index("."))
        end = model.model(stops).last_hidden_state[..., SENTENCE_END].mean()
        head[texts_of_tokens.index('"'), SENTENCE_END] = (CLOSING_SENTENCE - CLOSING) / end
    return model.to(torch.bfloat16).eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    texts = corpus()
    tokenizer = make_tokenizer(texts)
    model = make_model(tokenizer, texts, arguments.seed)
    tokenizer.save_pretrained(arguments.folder)
    model.save_pretrained(arguments.folder)


if __name__ == "__main__":
    main()
