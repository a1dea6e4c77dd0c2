"""Which adapter of a PEFT model answers: one for all rows of a batch, or one for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

BASE_SLOT = "__base__"  # PEFT's name for the base model without any adapter
PLAIN_LAYERS = {"Linear", "Linear4bit", "Linear8bitLt"}
EXPERT_COUNTS = ("num_experts", "num_local_experts", "n_routed_experts")  # keys of a configuration


class AdapterSwitch:
    """Chooses among the adapters of a model. `slots` maps the adapter names of request groups to PEFT's; "" is none."""

    def __init__(self, model: Any, slots: Mapping[str, str]) -> None:
        self._model, self._slots = model, slots
        self.can_mix = can_mix(model)

    @contextmanager
    def active(self, names: Sequence[str]) -> Iterator[list[str] | None]:
        """Within it, `names[i]` answers row i. Yields PEFT's name for each, or None where all rows have the same."""
        if len(set(names)) > 1:
            yield [self._slots[name] if name else BASE_SLOT for name in names]
            return
        with self._active_for_all(names[0]):
            yield None

    def _active_for_all(self, name: str) -> AbstractContextManager[Any]:
        if name:
            self._model.set_adapter(self._slots[name])
        elif hasattr(self._model, "disable_adapter"):
            disabled: AbstractContextManager[Any] = self._model.disable_adapter()
            return disabled
        return nullcontext()


def can_mix(model: Any) -> bool:
    """Whether each row of a batch may have an adapter of its own.

    PEFT supports it for LoRA without variants on linear layers that are not merged; its layers for other quantisations
    ignore the argument, and experts see rows in another shape.
    """
    if not hasattr(model, "peft_config"):
        return False
    from peft import PeftType
    from peft.tuners.lora import LoraLayer
    from peft.tuners.tuners_utils import BaseTunerLayer
    from peft.utils import AuxiliaryTrainingWrapper

    if any(config.peft_type != PeftType.LORA for config in model.peft_config.values()):
        return False
    if any(getattr(model.config.get_text_config(), name, None) for name in EXPERT_COUNTS):
        return False
    for module in model.modules():
        if isinstance(module, AuxiliaryTrainingWrapper):
            return False
        if not isinstance(module, BaseTunerLayer):
            continue
        if not isinstance(module, LoraLayer) or type(module).__name__ not in PLAIN_LAYERS:
            return False
        if module.merged or any(module.use_dora.values()) or module.lora_variant:
            return False
    return True


@contextmanager
def adapter_per_row(model: Any, slots: list[str] | None) -> Iterator[None]:
    """Within it, `slots[i]` answers row i of each forward pass; with None the adapter that is set answers all.

    PEFT's own `model(adapter_names=...)` leaves its hooks behind where a pass ends in an exception, and they go on
    choosing adapters in later passes; these hooks are removed in any case.
    """
    if slots is None:
        yield
        return
    from peft.tuners.lora import LoraLayer

    hooks: list[Any] = []
    try:
        for module in model.modules():
            if isinstance(module, LoraLayer):
                hooks.append(module.register_forward_pre_hook(partial(_with_names, slots), with_kwargs=True))
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _with_names(slots: list[str], module: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return args, {**kwargs, "adapter_names": slots}
