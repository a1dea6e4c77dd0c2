"""Which adapter of a PEFT model answers: one for all rows of a batch, or one for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

BASE = "__base__"  # what PEFT calls the student without any adapter
PLAIN = {"Linear", "Linear4bit", "Linear8bitLt"}
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")


class Adapters:
    """The adapters around a model: `slots` says what PEFT calls those that sheets name; "" is none of them."""

    def __init__(self, model: Any, slots: Mapping[str, str]) -> None:
        self._model, self._slots = model, slots
        self.mixes = can_mix(model)

    @contextmanager
    def answering(self, names: Sequence[str]) -> Iterator[list[str] | None]:
        """While it is open, `names[i]` answers row i. Gives what PEFT calls each, None where all are the same."""
        if len(set(names)) > 1:
            yield [self._slots[name] if name else BASE for name in names]
            return
        with self._answering(names[0]):
            yield None

    def _answering(self, name: str) -> AbstractContextManager[Any]:
        if name:
            self._model.set_adapter(self._slots[name])
        on_its_own = not name and hasattr(self._model, "disable_adapter")
        off: AbstractContextManager[Any] = self._model.disable_adapter() if on_its_own else nullcontext()
        return off


def can_mix(model: Any) -> bool:
    """Whether rows of one batch may each have an adapter of their own.

    PEFT does so for LoRA without variants on linear layers that are not merged; layers that it has for other
    quantisations ignore the wish, and experts see rows in another shape.
    """
    if not hasattr(model, "peft_config"):
        return False
    from peft import PeftType
    from peft.tuners.lora import LoraLayer
    from peft.tuners.tuners_utils import BaseTunerLayer
    from peft.utils import AuxiliaryTrainingWrapper

    if any(one.peft_type != PeftType.LORA for one in model.peft_config.values()):
        return False
    if any(getattr(model.config.get_text_config(), name, None) for name in EXPERTS):
        return False
    for module in model.modules():
        if isinstance(module, AuxiliaryTrainingWrapper):
            return False
        if not isinstance(module, BaseTunerLayer):
            continue
        if not isinstance(module, LoraLayer) or type(module).__name__ not in PLAIN:
            return False
        if module.merged or any(module.use_dora.values()) or module.lora_variant:
            return False
    return True


@contextmanager
def row_by_row(model: Any, slots: list[str] | None) -> Iterator[None]:
    """Have row i of the passes within answered by `slots[i]`; by the model as it is set, where there are none.

    PEFT's own `model(adapter_names=...)` leaves its hooks behind where a pass ends in an exception, and they go
    on choosing adapters in the passes after it; these go in any case.
    """
    if slots is None:
        yield
        return
    from peft.tuners.lora import LoraLayer

    hooks: list[Any] = []
    try:
        for module in model.modules():
            if isinstance(module, LoraLayer):
                hooks.append(module.register_forward_pre_hook(partial(_named, slots), with_kwargs=True))
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _named(slots: list[str], module: Any, given: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return given, {**named, "adapter_names": slots}
