"""What the training libraries say while they are silenced."""

from __future__ import annotations

import pytest

from clca.models.logging import quiet_libraries
from clca.models.student import Student


def test_an_adapter_of_a_hub_model_is_saved_without_a_warning_offline(
    tiny_student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
    from transformers import AutoModelForCausalLM

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_student.source), LoraConfig(target_modules="all-linear")
    )
    model.peft_config["default"].base_model_name_or_path = "someone/model"
    with pytest.warns(UserWarning, match="Could not find a config file in someone/model"):
        get_peft_model_state_dict(model)
    with quiet_libraries():
        assert get_peft_model_state_dict(model)
