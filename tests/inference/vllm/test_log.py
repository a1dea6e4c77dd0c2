"""What is read out of a log: excerpts of vLLM 0.32's own, each with the line and the advice that a user needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from clca.inference.vllm.log import TAIL, advice, error_line, last_step, tail

FRAME = (
    '  File "/opt/vllm/lib/python3.11/site-packages/vllm/v1/engine/core.py", line 1482, in run_engine_core\n    raise\n'
)
TRITON = "W1122 01:15:51.148000 4240 torch/_library/triton.py:53] Triton not available, find_triton_kernels = []\n"
ULIMIT = (
    "(APIServer pid=4219) WARNING 11-22 01:15:43 [system_utils.py:255] Found ulimit of 20000 and failed to"
    " automatically increase with error current limit exceeds maximum limit. This can cause fd limit errors like"
    " `OSError: [Errno 24] Too many open files`. Consider increasing with ulimit -n\n"
)
CORE = "(EngineCore pid=5645) ERROR 11-22 01:19:56 [core.py:1510] "
WORKER = "(Worker pid=6295) ERROR 11-22 01:21:21 [multiproc_executor.py:953] "
BECAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
ENGINE_FAILED = (
    "Traceback (most recent call last):\n"
    + FRAME
    + "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore': 1}\n"
)
SHARED_MEMORY = (
    "/usr/lib/python3.11/multiprocessing/resource_tracker.py:254: UserWarning: resource_tracker: There appear to be 1"
    " leaked shared_memory objects to clean up at shutdown\n"
    "  warnings.warn('resource_tracker: There appear to be %d '\n"
)
PYDANTIC = (
    "Traceback (most recent call last):\n" + FRAME + "pydantic_core._pydantic_core.ValidationError: 1 validation error"
    " for ModelConfig\n"
)
PYDANTIC_END = (
    " [type=value_error, input_value=ArgsKwargs((), {'model': ...nderer_num_workers': 1}), input_type=ArgsKwargs]\n"
    "    For further information visit https://errors.pydantic.dev/2.14/v/value_error\n"
)

UNKNOWN_ARGUMENT = TRITON + (
    "usage: vllm [-h] [-v]\n"
    "            {chat,complete,serve,launch,bench,collect-env,download-kernels,preload,run-batch,snapshot}\n"
    "            ...\n"
    "vllm: error: unrecognized arguments: --max-modle-len 33\n"
)
BAD_CHOICE = TRITON + (
    "usage: vllm serve [model_tag] [options]\n"
    "vllm serve: error: argument --dtype: invalid choice: 'float99' (choose from 'auto', 'bfloat16', 'half')\n"
)
NO_CONFIG = (
    ULIMIT
    + PYDANTIC
    + "  Value error, Invalid repository ID or local directory specified: '/models/empty'.\n"
    + "Please verify the following requirements:\n1. Provide a valid Hugging Face repository ID.\n"
    + PYDANTIC_END
)
TOO_LONG = (
    PYDANTIC
    + "  Value error, User-specified max_model_len (900000) is greater than the derived max_model_len"
    + " (max_position_embeddings=4096.0 or model_max_length=None in model's config.json)."
    + PYDANTIC_END
)
NEW_ARCHITECTURE = (
    "(APIServer pid=6353) ERROR 11-22 01:21:33 [repo_utils.py:126] Error parsing config for new: The checkpoint you are"
    " trying to load has model type `new` but Transformers does not recognize this architecture.\n"
    + PYDANTIC
    + "  Value error, The checkpoint you are trying to load has model type `new` but Transformers does not recognize"
    + " this architecture. This could be because of an issue with the checkpoint.\n\n"
    + "You can update Transformers with the command `pip install --upgrade transformers`."
    + PYDANTIC_END
)
NOT_CACHED = (
    "Traceback (most recent call last):\n" + FRAME + "huggingface_hub.errors.LocalEntryNotFoundError: Cannot find an"
    " appropriate cached snapshot folder for the specified revision on the local disk and outgoing traffic has been"
    " disabled. To enable repo look-ups and downloads online, pass 'local_files_only=False' as input.\n"
)
NO_HUB = (
    "httpx.ConnectError: [Errno 111] Connection refused\n"
    + BECAUSE
    + "Traceback (most recent call last):\n"
    + FRAME
    + "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the cached"
    " files.\nCheck your internet connection or see how to run the library in offline mode at"
    " 'https://huggingface.co/docs/transformers/installation#offline-mode'.\n"
)
NO_SUCH_MODEL = (
    "httpx.HTTPStatusError: Client error '404 Not Found' for url 'https://huggingface.co/org/nothing'\n"
    "For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/404\n"
    + BECAUSE
    + "Traceback (most recent call last):\n"
    + FRAME
    + "huggingface_hub.errors.RepositoryNotFoundError: 404 Client"
    " Error.\n\nRepository Not Found for url: https://huggingface.co/org/nothing/resolve/main/config.json.\n"
    "Please make sure you specified the correct `repo_id` and `repo_type`.\nIf you are trying to access a private or"
    " gated repo, make sure you are authenticated and your token has the required permissions.\n"
    + BECAUSE
    + "Traceback (most recent call last):\n"
    + FRAME
    + "OSError: org/nothing is not a local folder and is not a valid"
    " model identifier listed on 'https://huggingface.co/models'\nIf this is a private repository, make sure to pass a"
    " token having permission to this repo\n"
)
GATED = (
    "httpx.HTTPStatusError: Client error '401 Unauthorized' for url 'https://huggingface.co/org/gated/config.json'\n"
    "For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/401\n"
    + BECAUSE
    + "Traceback (most recent call last):\n"
    + FRAME
    + "huggingface_hub.errors.GatedRepoError: 401 Client Error."
    "\n\nCannot access gated repo for url https://huggingface.co/org/gated/resolve/main/config.json.\n"
    "Access to model org/gated is restricted. You must have access to it and be authenticated. Please log in.\n"
)
GATED_BY_TRANSFORMERS = (
    GATED
    + BECAUSE
    + (
        "Traceback (most recent call last):\n" + FRAME + "OSError: You are trying to access a gated repo.\nMake sure to"
        " have access to it at https://huggingface.co/org/gated.\n401 Client Error.\n"
    )
)
PORT_IN_USE = ULIMIT + "Traceback (most recent call last):\n" + FRAME + "OSError: [Errno 98] Address already in use\n"
SMALL_CACHE = (
    CORE
    + "EngineCore failed to start.\n"
    + CORE
    + "Traceback (most recent call last):\n"
    + CORE
    + "ValueError: To serve at least one request with the model's max seq len (9000000), (8.58 GiB KV cache is needed,"
    " which is larger than the available KV cache memory (1.0 GiB).\n"
    "(EngineCore pid=5645) ERROR 11-22 01:20:01 [multiproc_executor.py:315] Worker proc VllmWorker-0 died unexpectedly"
    " (exit code: None), shutting down executor.\nProcess EngineCore:\nTraceback (most recent call last):\n"
    + FRAME
    + "ValueError: To serve at least one request with the model's max seq len (9000000), (8.58 GiB KV cache is needed,"
    " which is larger than the available KV cache memory (1.0 GiB).\n" + ENGINE_FAILED + SHARED_MEMORY
)
CPU_CACHE = (
    WORKER + "ValueError: Available memory on node 0 (18.71/23.59 GiB) on kv cache allocation is less than requested"
    " memory for kv (200.0 GiB). Decrease --kv-cache-memory-bytes, VLLM_CPU_KVCACHE_SPACE, or reduce CPU memory used by"
    " other processes.\n"
    + CORE
    + "RuntimeError: Worker failed with error 'Available memory on node 0 (18.71/23.59 GiB)"
    " on kv cache allocation is less than requested memory for kv (200.0 GiB). Decrease --kv-cache-memory-bytes,"
    " VLLM_CPU_KVCACHE_SPACE', please check the stack trace above for the root cause\n" + ENGINE_FAILED
)
GPU_TAKEN = CORE + (
    "ValueError: Free memory on device cuda:0 (3.21/139.81 GiB) on startup is less than desired GPU memory utilization"
    " (0.9, 125.83 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.\n"
)
GPU_FULL = WORKER + (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB.\n"
)
DAMAGED = (
    "Loading safetensors checkpoint shards:   0% Completed | 0/1 [00:00<?, ?it/s]\r"
    "Loading safetensors checkpoint shards:   0% Completed | 0/1 [00:00<?, ?it/s]\n"
    + WORKER
    + "safetensors._safetensors_rust.SafetensorError: Error while deserializing header: invalid header length\n"
    + CORE
    + "Exception: WorkerProc initialization failed due to an exception in a background process. See stack trace for"
    " root cause.\n" + ENGINE_FAILED
)
ENGINE_KILLED = (
    "(APIServer pid=6362) WARNING 11-22 01:22:06 [core_client.py:817] [shutdown] MPClient: engine core exited"
    " unexpectedly; starting cleanup\n(APIServer pid=6362) ERROR 11-22 01:22:06 [async_llm.py:906] vllm.v1.engine."
    "exceptions.EngineDeadError: EngineCore encountered an issue. See stack trace (above) for the root cause.\n"
    "INFO:     Shutting down\nINFO:     Finished server process [6362]\n" + SHARED_MEMORY
)


@pytest.mark.parametrize(
    ("log", "line", "do"),
    [
        (UNKNOWN_ARGUMENT, "unrecognized arguments: --max-modle-len 33", "check --vllm-args"),
        (
            BAD_CHOICE,
            "argument --dtype: invalid choice: 'float99' (choose from 'auto', 'bfloat16', 'half')",
            "check --vllm-args",
        ),
        (
            NO_CONFIG,
            "Invalid repository ID or local directory specified: '/models/empty'.",
            "or that the folder holds config.json",
        ),
        (TOO_LONG, "User-specified max_model_len (900000) is greater than the derived", "smaller --max-model-len"),
        (NEW_ARCHITECTURE, "The checkpoint you are trying to load has model type `new`", "pip install --upgrade vllm"),
        (NOT_CACHED, "LocalEntryNotFoundError: Cannot find an appropriate cached snapshot folder", "download it first"),
        (NO_HUB, "OSError: We couldn't connect to 'https://huggingface.co' to load the files", "download it first"),
        (
            NO_SUCH_MODEL,
            "OSError: org/nothing is not a local folder and is not a valid model identifier listed on",
            "check the model's name",
        ),
        (
            GATED,
            "GatedRepoError: 401 Client Error. Cannot access gated repo for url https://huggingface.co/org/gated/",
            "accept the model's licence",
        ),
        (
            GATED_BY_TRANSFORMERS,
            "OSError: You are trying to access a gated repo. Make sure to have access to it at"
            " https://huggingface.co/org/gated.",
            "then log in with `hf auth login` or set HF_TOKEN",
        ),
        (PORT_IN_USE, "OSError: [Errno 98] Address already in use", "choose another with --port"),
        (SMALL_CACHE, "ValueError: To serve at least one request with the model's max seq len", "--max-model-len 8192"),
        (
            CPU_CACHE,
            "ValueError: Available memory on node 0 (18.71/23.59 GiB) on kv cache allocation",
            "set VLLM_CPU_KVCACHE_SPACE",
        ),
        (GPU_TAKEN, "ValueError: Free memory on device cuda:0 (3.21/139.81 GiB)", "takes too much memory here"),
        (GPU_FULL, "OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.", "takes too much memory here"),
        (
            DAMAGED,
            "SafetensorError: Error while deserializing header: invalid header length",
            "download the model again",
        ),
        (ENGINE_KILLED, "EngineDeadError: EngineCore encountered an issue.", "memory ran out"),
    ],
)
def test_the_usual_faults_are_named_with_what_to_do(log: str, line: str, do: str) -> None:
    told = error_line(log.splitlines())
    assert told.startswith(line)
    assert "\n" not in told
    assert do in advice(log.splitlines())


def test_an_error_that_is_not_known_is_told_without_advice() -> None:
    log = [*ULIMIT.splitlines(), "Traceback (most recent call last):", "numpy.exceptions.DTypePromotionError: no dtype"]
    assert error_line(log) == "DTypePromotionError: no dtype"
    assert advice(log) == ""


def test_the_last_of_several_unknown_errors_counts() -> None:
    log = ["ValueError: first", "Traceback (most recent call last):", "KeyError: 'second'", *ENGINE_FAILED.splitlines()]
    assert error_line(log) == "KeyError: 'second'"


def test_a_log_without_errors_has_only_last_words() -> None:
    log = [
        "(Worker pid=7) INFO 11-22 01:19:51 [cpu_model_runner.py:68] Starting to load model big...",
        "Killed",
        "▀▀ █",
    ]
    assert error_line(log) == ""
    assert last_step(log) == "Killed"
    assert error_line([]) == last_step([]) == ""
    assert advice(log) == advice([]) == ""


def test_a_long_line_is_cut() -> None:
    told = error_line(["ValueError: " + "x" * 1000])
    assert (len(told), told[-4:]) == (300, "x...")


@pytest.mark.parametrize("secret", ["hf_" + "aB3" * 11, "sk-" + "proj1234", "sk-" + "abc***xyz"])
def test_keys_are_not_told(secret: str) -> None:
    assert error_line([f"ValueError: token {secret} is not valid"]) == "ValueError: token [key] is not valid"
    assert last_step([f"using {secret}"]) == "using [key]"


def test_names_that_look_like_keys_are_told() -> None:
    assert error_line(["TypeError: hf_hub_download() got 3"]) == "TypeError: hf_hub_download() got 3"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], ""),
        (["(Worker pid=5663) INFO 11-22 01:19:51 [cpu_model_runner.py:68] Starting to load"], "Starting to load"),
        (["(Worker_TP0 pid=12) INFO 11-22 01:19:51 [x.py:1] Capturing"], "Capturing"),
        (
            ["INFO 11-22 01:19:51 [x.py:1] Automatically detected platform cuda."],
            "Automatically detected platform cuda.",
        ),
        (TRITON.splitlines(), "Triton not available, find_triton_kernels = []"),
        (["Downloading", "(APIServer pid=4219) INFO 11-22 01:15:43 [api_utils.py:347] "], "Downloading"),
        (
            ["version 0.32.0", "(APIServer pid=4219) INFO 11-22 01:15:43 [api_utils.py:347]   █▄█▀ █     █"],
            "version 0.32.0",
        ),
    ],
)
def test_the_last_step_is_told_without_what_loggers_put_before_it(lines: list[str], said: str) -> None:
    assert last_step(lines) == said


def test_of_a_progress_bar_its_last_state_counts(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"Fetching\rLoading shards:  33% | 1/3\rLoading shards: 100% | 3/3\r\n\n")
    assert last_step(tail(log)) == "Loading shards: 100% | 3/3"


def test_a_log_is_read_without_control_sequences(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(
        b"\x1b[0;36m(EngineCore pid=1)\x1b[0;0m \x1b]0;title\x07ERROR 11-22 01:02:03 [a.py:1] OSError: \xff\x07bad\n"
    )
    assert tail(log) == ["(EngineCore pid=1) ERROR 11-22 01:02:03 [a.py:1] OSError: \ufffdbad"]
    assert error_line(tail(log)) == "OSError: \ufffdbad"


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("ValueError: old\n" + "x" * TAIL + "\nready\n")
    assert error_line(tail(log)) == ""
    assert last_step(tail(log)) == "ready"


def test_a_log_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert tail(tmp_path / "none") == []
