"""The student of `labelling.py`: random weights with ten random adapters, whose replies are arranged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from clca.inference.prompt_format import TextFormat
from clca.inference.tokenization import Tokens

NAMES = tuple(map(str, range(10)))  # of the adapters
FIRST, NUMBER, LINE, KINDS = 1, 2, 3, 4  # of tokens: which stand before the first of a reply, and so on
INVALID = 0.15  # of all prompts, as in the paper's tables
SHAPE = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
SMALL = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def make_model(tokenizer: Any, shape: dict[str, int]) -> Any:
    """The student with its adapters, each called by its number."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(42)
    config = LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=4096, initializer_range=0.08, **shape)
    model: Any = LlamaForCausalLM(config).eval()
    adapter = LoraConfig(r=16, lora_alpha=16, target_modules=TARGETS, init_lora_weights=False)
    model = get_peft_model(model, adapter, adapter_name=NAMES[0])
    for name in NAMES[1:]:
        model.add_adapter(name, adapter)
    base = model.get_base_model()
    base.lm_head = Habit(base.lm_head, len(tokenizer))
    base.get_input_embeddings().register_forward_pre_hook(base.lm_head.see)
    return model.eval()


class Habit(torch.nn.Module):
    """A head that adds to each token's logits what depends on the kind of the token before it."""

    def __init__(self, head: Any, vocabulary: int) -> None:
        super().__init__()
        self.head = head
        self.kinds = torch.zeros(vocabulary, dtype=torch.long)
        self.bias = torch.zeros(KINDS, vocabulary)

    def see(self, module: Any, given: tuple[torch.Tensor]) -> None:
        self.ids = given[0]

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(hidden)
        return logits + self.bias[self.kinds[self.ids[:, -hidden.shape[1] :]]]


def arrange(model: Any, tokenizer: Any, texts: Sequence[str], habit: str) -> None:
    """Have the student answer 85 % of prompts at once, and write on without any number to the others.

    Its logits are its own but for three things. Numbers come only first in a reply: there those of "1" and "2" get
    the bias with which one of them leads after 85 % of the `texts`. After a number comes the end (`ends`), which it
    never writes otherwise; or a new line and "#", as if the next question followed (`next`), or a full stop (`on`),
    and whatever else it likes. For the habit `never` no number comes.
    """
    head, vocabulary = model.get_base_model().lm_head, model.config.vocab_size
    pieces = [tokenizer.decode([one]) for one in range(vocabulary)]
    numbers = [one for one, piece in enumerate(pieces) if any(character.isdigit() for character in piece)]
    one, two, stop = (tokenizer(text, add_special_tokens=False)["input_ids"][-1] for text in (" 1", " 2", "1."))
    line, question = tokenizer("1\n#", add_special_tokens=False)["input_ids"][-2:]
    tokens, end = Tokens(tokenizer, TextFormat()), tokenizer.eos_token_id
    prompts = [tokens.ids(text) for text in texts]
    kinds, bias = torch.zeros(vocabulary, dtype=torch.long), torch.zeros(KINDS, vocabulary)
    kinds[prompts[0][-1]] = FIRST
    kinds[numbers] = NUMBER
    bias[:, numbers] = -1000.0
    bias[:, end] = -1000.0
    bias[NUMBER, {"ends": end, "next": line}.get(habit, stop)] = 2000.0
    if habit == "next":
        kinds[line] = LINE
        bias[LINE, question] = 2000.0
    head.kinds, head.bias = kinds, bias
    if habit == "never":
        return
    gaps = []
    for number, ids in enumerate(prompts):
        model.set_adapter(NAMES[number % len(NAMES)])
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids]), logits_to_keep=1).logits[0, -1]
        gaps.append(float(logits.max() - logits[[one, two]].max()))
    bias[FIRST, [one, two]] += torch.tensor(gaps).quantile(1 - INVALID)
