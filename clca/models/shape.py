"""The shape of a model, from its configuration alone: parameters by kind, layers and widths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clca.content.parsing import suggestion
from clca.content.steady import kept
from clca.errors import SettingsError
from clca.models.load import load_config, load_errors
from clca.models.student import Student


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's parameters: `linear` are those that are quantised, `unquantised` embeddings, output layer and norms.

    LoRA of rank r trains r x `trainable` weights, and the `saved` ones of modules that are trained whole.
    """

    linear: int
    unquantised: int
    trainable: int
    layers: int
    hidden: int
    vocabulary: int
    saved: int = 0

    @property
    def parameters(self) -> int:
        """How many parameters the model has."""
        return self.linear + self.unquantised


def load_shape(student: Student, targets: Sequence[str], save: Sequence[str] = ()) -> Shape:
    """The shape of a student, from its configuration alone. Raises as `shape_of`, and for one of no model."""
    key = ("shape", student.source, student.revision, tuple(targets), tuple(save))

    def made() -> Shape:
        config = load_config(student)
        with load_errors(student):
            return shape_of(config, targets, save)

    return kept(key, made)


def shape_of(config: Any, targets: Sequence[str], save: Sequence[str] = ()) -> Shape:
    """Count a model of this configuration (transformers) without its weights.

    LoRA adds r · (in + out) to a linear layer (Hu et al., 2021); `trainable` is that for r = 1. Of the modules to
    `save` PEFT trains copies, of tied ones each its own. Raises `SettingsError` for a target that no layer has, and
    for a module to save that there is not.
    """
    import torch
    from transformers import AutoModelForCausalLM

    maker: Any = AutoModelForCausalLM
    with torch.device("meta"):
        model = maker.from_config(config, trust_remote_code=False)
    output = model.get_output_embeddings()
    linear = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not output
    }
    names = dict.fromkeys(name.rpartition(".")[2] for name in linear)
    for target in targets:
        if not any(_is(name, target) for name in linear):
            hint = suggestion(target, names) or f"; there are {', '.join(names)}"
            raise SettingsError(f"lora.targets: the student has no layer {target!r}{hint}")
    modules = dict(model.named_modules())
    require_modules(save, modules)
    adapted = [module for name, module in linear.items() if any(_is(name, target) for target in targets)]
    quantised = sum(module.weight.numel() for module in linear.values())
    text = config.get_text_config()
    return Shape(
        linear=quantised,
        unquantised=sum(parameter.numel() for parameter in model.parameters()) - quantised,
        trainable=sum(module.in_features + module.out_features for module in adapted),
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        vocabulary=text.vocab_size,
        saved=sum(
            parameter.numel()
            for name, module in modules.items()
            if any(_is(name, module_name) for module_name in save)
            for parameter in module.parameters()
        ),
    )


def require_modules(save: Sequence[str], modules: Iterable[str]) -> None:
    """Refuse a module to train whole that none of a model's `modules` is called: PEFT would leave it out in silence."""
    names = [name for name in modules if name]
    for saved in save:
        if not any(_is(name, saved) for name in names):
            hint = suggestion(saved, dict.fromkeys(name.rpartition(".")[2] for name in names))
            raise SettingsError(f"lora.save: the student has no module {saved!r}{hint}")


def _is(name: str, target: str) -> bool:
    """Whether PEFT would take the layer for the target."""
    return name == target or name.endswith(f".{target}")
