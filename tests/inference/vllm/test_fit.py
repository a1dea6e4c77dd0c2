"""Whether a model fits, by arithmetic worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.content.lookup import Content
from clca.errors import SettingsError
from clca.inference.hardware import MIB, Gpu, Machine
from clca.inference.vllm.advice import advice, describe
from clca.inference.vllm.fit import Fit, fit, fit_unknown, remaining, served_weight_bytes
from clca.models import ModelCatalogue, ModelInfo
from clca.models.size import GIB, gib

MODELS = ModelCatalogue(Content())


def model(name: str) -> ModelInfo:
    found = MODELS.find(name)
    assert found is not None
    return found


LLAMA_70B, LLAMA_8B, QWEN_32B = model("llama-3.1-70b"), model("llama-3.1-8b"), model("qwen2.5-32b")


def gpus(
    number: int,
    total: float,
    *,
    free: float | None = None,
    name: str = "GPU",
    capability: tuple[int, int] | None = (9, 0),
    first: int = 0,
) -> tuple[Gpu, ...]:
    """So many GPUs of so many GiB."""
    left = total if free is None else free
    return tuple(
        Gpu(str(first + index), name, int(total * GIB), int(left * GIB), capability) for index in range(number)
    )


def on(*cards: Gpu, ram: float = 64) -> Machine:
    return Machine(cards, int(ram * GIB), "" if cards else "no NVIDIA GPU found (nvidia-smi)")


H200 = Gpu("0", "NVIDIA H200", 143771 * MIB, 143164 * MIB, (9, 0))
T4 = gpus(1, 16, name="Tesla T4", capability=(7, 5))
V100 = gpus(1, 32, name="Tesla V100", capability=(7, 0))


# ---------------------------------------------------------------- weights


def test_weights_take_two_bytes_a_parameter_as_published() -> None:
    assert served_weight_bytes(LLAMA_8B, None) == 2 * 8_030_261_248
    assert served_weight_bytes(
        LLAMA_8B.model_copy(update={"precision": "fp32", "weights": 4 * 8_030_261_248}), None
    ) == (2 * 8_030_261_248)
    assert served_weight_bytes(model("qwen2.5-32b-awq"), None) == 19_328_804_864


def test_quantising_spares_the_embeddings() -> None:
    linear, embeddings = 8_030_261_248 - 1_050_673_152, 1_050_673_152
    assert served_weight_bytes(LLAMA_8B, "fp8") == linear + 2 * embeddings


def test_unknown_quantisation_is_refused_by_name() -> None:
    with pytest.raises(SettingsError) as caught:
        served_weight_bytes(LLAMA_8B, "pf8")
    assert caught.value.message == "--quantization 'pf8' is unknown; did you mean fp8? (known: fp8)"


def test_weights_that_are_quantised_cannot_be_again() -> None:
    with pytest.raises(SettingsError) as caught:
        served_weight_bytes(model("llama-3.1-70b-awq"), "fp8")
    assert caught.value.message == (
        "--quantization fp8: the weights of llama-3.1-70b-awq are int4 already; leave it out"
    )


# ---------------------------------------------------------------- one GPU


def test_need_is_weights_one_sequence_and_a_reserve() -> None:
    laid = fit(LLAMA_8B, on(*gpus(1, 80)), None)
    sequence = 16_384 * 131_072  # 2 · 32 layers · 8 heads · 128 · 2 bytes a token
    assert laid.needs == 2 * 8_030_261_248 + sequence + 2 * GIB
    assert laid.there == 72 * GIB
    assert laid.cache == 70 * GIB - 2 * 8_030_261_248
    assert laid.sequences == laid.cache / sequence
    assert (laid.holds, laid.tensor_parallel, laid.max_model_len, laid.utilisation) == (True, 1, 16_384, 0.9)


def test_model_fits_up_to_the_last_byte_of_one_sequence() -> None:
    need = fit(LLAMA_8B, on(*gpus(1, 80)), None).needs
    for total, holds in ((need / 0.9 / GIB + 0.001, True), (need / 0.9 / GIB - 0.001, False)):
        assert fit(LLAMA_8B, on(*gpus(1, total)), None).holds is holds


def test_sequence_is_no_longer_than_the_models_context() -> None:
    assert fit(model("gemma-2-9b"), on(*gpus(1, 80)), None).max_model_len == 8_192
    assert fit(LLAMA_8B, on(*gpus(1, 80)), None, 50_000).max_model_len == 50_000
    assert fit(LLAMA_8B, on(*gpus(1, 80)), None, 500_000).max_model_len == 131_072


def test_gpu_that_others_use_gives_only_what_is_free() -> None:
    """20 of 80 GiB free, less half a GiB for the context, is a share of 0.24 in whole hundredths."""
    laid = fit(LLAMA_8B, on(*gpus(1, 80, free=20)), None)
    assert laid.utilisation == 0.24
    assert laid.there == int(0.24 * 80 * GIB)
    assert laid.holds
    assert fit(LLAMA_8B, on(*gpus(1, 80, free=0.2)), None).there == 0


# ---------------------------------------------------------------- several GPUs


@pytest.mark.parametrize(
    ("wanted", "machine", "parallel"),
    [
        # 131 GiB of weights, and 80 GiB of cache for 16 sequences: 4 x 72 hold both, 2 x 72 only the weights.
        (LLAMA_70B, on(*gpus(8, 80)), 4),
        (LLAMA_70B, on(*gpus(2, 80)), 2),
        (LLAMA_70B, on(*gpus(3, 80)), 2),
        (LLAMA_70B, on(*gpus(6, 80)), 4),
        (LLAMA_70B, on(*gpus(2, 141)), 2),
        (LLAMA_8B, on(*gpus(8, 80)), 1),
        # 28 heads are split by 4 at most, 12 likewise.
        (model("qwen2.5-7b"), on(*gpus(8, 7)), 4),
        (model("qwen2.5-1.5b"), on(*gpus(8, 3.6)), 4),
    ],
)
def test_fewest_gpus_with_room_for_sixteen_sequences(wanted: ModelInfo, machine: Machine, parallel: int) -> None:
    laid = fit(wanted, machine, None)
    assert (laid.holds, laid.tensor_parallel, len(laid.gpus)) == (True, parallel, parallel)


def test_most_gpus_where_none_has_room_for_sixteen() -> None:
    laid = fit(QWEN_32B, on(*gpus(4, 24)), None)
    assert laid.tensor_parallel == 4
    assert 1 <= laid.sequences < 16


def test_freest_gpus_go_first() -> None:
    busy, idle = gpus(2, 80, free=30), gpus(1, 80, first=2)
    assert fit(LLAMA_8B, on(*busy, *idle), None).gpus == idle


def test_unequal_gpus_are_not_mixed() -> None:
    small, large = gpus(2, 24, name="small"), gpus(1, 48, name="large", first=2)
    assert {gpu.name for gpu in fit(LLAMA_8B, on(*small, *large), None).gpus} == {"large"}
    laid = fit(LLAMA_70B, on(*gpus(4, 40, name="a"), *gpus(4, 40, name="b", first=4)), None)
    assert not laid.holds


def test_of_gpus_that_share_a_model_the_fullest_sets_the_measure() -> None:
    one, two = gpus(1, 80, free=50), gpus(1, 80, first=1)
    laid = fit(LLAMA_70B, on(*one, *two), "fp8")
    assert laid.tensor_parallel == 2
    assert laid.there == 2 * int(laid.utilisation * 80 * GIB)
    assert laid.utilisation == 0.61  # 49.5 of 80


def test_head_is_kept_twice_where_there_are_more_gpus_than_key_value_heads() -> None:
    few_heads = model("qwen2.5-1.5b")  # two of them
    on_two = fit(few_heads, on(*gpus(2, 3.2)), None)
    on_four = fit(few_heads, on(*gpus(4, 3.2)), None)
    assert (on_two.tensor_parallel, on_four.tensor_parallel) == (2, 4)
    sequence = 16_384 * 28_672
    assert on_two.needs == served_weight_bytes(few_heads, None) + sequence + 2 * 2 * GIB
    assert on_four.needs == served_weight_bytes(few_heads, None) + 2 * sequence + 4 * 2 * GIB


def test_heads_that_cannot_be_split_evenly_are_not() -> None:
    odd = LLAMA_8B.model_copy(update={"heads": 40, "kv_heads": 10})
    assert fit(odd, on(*gpus(4, 12)), None).tensor_parallel == 2


@given(
    number=st.integers(1, 16),
    total=st.sampled_from([8, 16, 24, 40, 80, 141]),
    share=st.floats(0.1, 1),
    name=st.sampled_from(MODELS.names()),
)
def test_what_fits_really_has_the_room(number: int, total: float, share: float, name: str) -> None:
    wanted = model(name)
    machine = on(*gpus(number, total, free=total * share))
    laid = fit(wanted, machine, None)
    assert laid.holds == (laid.needs <= laid.there)
    assert len(laid.gpus) == laid.tensor_parallel <= number
    assert laid.tensor_parallel.bit_count() == 1
    assert wanted.heads % laid.tensor_parallel == 0
    for gpu in laid.gpus:
        assert laid.utilisation * gpu.total <= gpu.free


# ---------------------------------------------------------------- obstacles, and no GPU


def test_cpu_serves_what_its_memory_holds() -> None:
    laid = fit(LLAMA_8B, on(ram=24), None)
    assert (laid.holds, laid.gpus, laid.tensor_parallel, laid.there) == (True, (), 1, 24 * GIB)
    assert not fit(LLAMA_8B, on(ram=16), None).holds


@pytest.mark.parametrize(
    ("wanted", "machine", "quantization", "obstacle"),
    [
        (LLAMA_8B, on(ram=200), "fp8", "--quantization fp8 needs a GPU"),
        (model("llama-3.1-70b-fp8"), on(ram=200), None, ""),
        (model("llama-3.1-70b-awq"), on(ram=200), None, ""),
        (LLAMA_8B, on(*T4), "fp8", ""),
        (LLAMA_8B, on(*V100), "fp8", "fp8 weights need compute capability 7.5, Tesla V100 has 7.0"),
        (
            model("llama-3.1-70b-fp8"),
            on(*gpus(4, 32, name="V100", capability=(7, 0))),
            None,
            "fp8 weights need compute capability 7.5, V100 has 7.0",
        ),
        (model("qwen2.5-32b-awq"), on(*V100), None, ""),
        (LLAMA_8B, on(*gpus(1, 32, capability=None)), "fp8", ""),
    ],
)
def test_hardware_that_a_quantisation_cannot_run_on_is_named(
    wanted: ModelInfo, machine: Machine, quantization: str | None, obstacle: str
) -> None:
    laid = fit(wanted, machine, quantization)
    assert laid.obstacle == obstacle
    assert laid.holds == (not obstacle)


def test_second_model_has_what_the_first_leaves() -> None:
    four = on(*gpus(4, 80))
    first = fit(LLAMA_8B, four, None)
    assert [gpu.index for gpu in remaining(four, "first", first).gpus] == ["1", "2", "3"]
    # In RAM: 16 dialogues of 2 GiB of cache each, 2 GiB to work in, and the weights.
    cpu = on(ram=64)
    first = fit(LLAMA_8B, cpu, None)
    assert first.cache == 32 * GIB
    assert remaining(cpu, "first", first).ram == 64 * GIB - 2 * 8_030_261_248 - 2 * GIB - 32 * GIB


def test_second_model_does_not_fall_back_to_memory_where_the_first_takes_the_gpu() -> None:
    one = on(H200, ram=500)
    rest = remaining(one, "llama-3.1-8b", fit(LLAMA_8B, one, None))
    assert not fit(LLAMA_8B, rest, None).holds
    assert "here: llama-3.1-8b takes the GPU. Instead: " in advice(LLAMA_8B, rest, MODELS, None)


def test_a_model_of_unknown_size_has_all_that_it_can_be_split_over() -> None:
    three = fit_unknown(on(*gpus(3, 80)))
    assert (len(three.gpus), three.tensor_parallel, three.max_model_len) == (2, 2, 0)
    cpu = fit_unknown(on(ram=64))
    assert (cpu.gpus, cpu.cache) == ((), 16 * GIB)
    assert remaining(on(ram=64), "first", cpu).ram == 16 * GIB


def test_with_less_comfort_two_models_share_what_one_would_take() -> None:
    four = on(*gpus(4, 80))
    large, judge = model("llama-3.1-70b"), model("qwen2.5-32b")
    assert len(fit(large, four, None).gpus) == 4
    tight = fit(large, four, None, sequences=1)
    assert len(tight.gpus) == 4 or fit(judge, remaining(four, "large", tight), None, sequences=1).holds


# ---------------------------------------------------------------- advice


def test_advice_says_what_is_needed_what_is_here_and_what_fits() -> None:
    assert advice(LLAMA_70B, on(H200), MODELS, None) == (
        "llama-3.1-70b needs 138 GiB (bf16 weights 131 GiB, cache for one dialogue 5.0 GiB, working memory 2.0 GiB);"
        " here: 1 x NVIDIA H200, 126 GiB usable. Instead: --quantization fp8 (75 GiB, fits),"
        " --teacher llama-3.1-70b-fp8 (fp8, 75 GiB, fits), --teacher llama-3.1-70b-awq (int4, 44 GiB, fits),"
        " --teacher qwen2.5-32b (bf16, 67 GiB, fits), --base-url of a server elsewhere, or --teacher rehearsal"
    )


def test_advice_names_only_what_fits() -> None:
    words = advice(LLAMA_70B, on(*gpus(1, 24, name="RTX 4090", capability=(8, 9))), MODELS, None)
    assert "here: 1 x RTX 4090, 22 GiB usable. Instead: --teacher qwen2.5-7b (bf16, 17 GiB, fits), --base-url" in words


def test_quantised_variant_of_a_smaller_model_counts() -> None:
    words = advice(LLAMA_70B, on(*gpus(1, 40)), MODELS, None)
    assert "Instead: --teacher qwen2.5-32b-awq (int4, 24 GiB, fits), --base-url" in words


def test_advice_without_a_gpu_says_so() -> None:
    words = advice(LLAMA_70B, on(ram=21), MODELS, None)
    assert "here: no NVIDIA GPU found (nvidia-smi), 21 GiB of RAM free. Instead: --teacher qwen2.5-7b" in words
    assert "fp8" not in words


def test_advice_says_when_nothing_fits() -> None:
    words = advice(LLAMA_70B, on(ram=1), MODELS, None)
    assert words.endswith(
        "Instead: nothing smaller in trainers/models.yaml fits here, --base-url of a server elsewhere,"
        " or --teacher rehearsal"
    )


def test_advice_names_the_obstacle() -> None:
    words = advice(LLAMA_8B, on(*V100), MODELS, "fp8")
    assert "32 GiB" not in words
    assert "; fp8 weights need compute capability 7.5, Tesla V100 has 7.0. Instead: " in words


def test_quantised_that_does_not_fit_is_advised_its_variants() -> None:
    words = advice(LLAMA_70B, on(*gpus(1, 60)), MODELS, "fp8")
    assert words.startswith("llama-3.1-70b needs 75 GiB (fp8 weights 68 GiB, ")
    assert "Instead: --teacher llama-3.1-70b-awq (int4, 44 GiB, fits)," in words


def test_advice_reckons_with_the_length_that_was_asked_for() -> None:
    words = advice(LLAMA_8B, on(*gpus(1, 24)), MODELS, None, 131_072)
    assert words.startswith("llama-3.1-8b needs 33 GiB (bf16 weights 15 GiB, cache for one dialogue 16 GiB, ")


def test_model_outside_the_catalogue_is_advised_the_first_lighter_one_that_fits() -> None:
    outside = LLAMA_70B.model_copy(update={"name": "org/x", "hub": "org/x", "quantised": (), "smaller": None})
    words = advice(outside, on(*gpus(1, 80)), MODELS, None)
    assert "--teacher qwen2.5-32b (bf16, 67 GiB, fits)" in words


def test_smallest_of_the_catalogue_has_nothing_smaller() -> None:
    assert "nothing smaller" in advice(model("qwen2.5-0.5b"), on(ram=1), MODELS, None)


def test_machine_is_described_by_its_kinds_of_gpu() -> None:
    mixed = on(*gpus(2, 80, name="A100"), *gpus(1, 24, name="L4", first=2))
    assert describe(mixed) == "2 x A100 and 1 x L4, 166 GiB usable"
    laid: Fit = fit(LLAMA_8B, mixed, None)
    assert describe(mixed, laid) == "1 x A100 (of 3 GPUs), 72 GiB usable"
    assert describe(replace(mixed, gpus=(), lacking="none")) == "none, 64 GiB of RAM free"


@pytest.mark.parametrize(
    ("size", "words"), [(0.44, "0.4 GiB"), (9.94, "9.9 GiB"), (9.96, "10 GiB"), (131.4, "131 GiB")]
)
def test_sizes_are_given_to_two_or_three_figures(size: float, words: str) -> None:
    assert gib(size * GIB) == words
