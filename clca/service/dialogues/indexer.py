"""Brings one index up to its run in a process of its own.

python -m clca.service.dialogues.indexer INDEX RUN
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from clca.errors import ClcaError
from clca.service.dialogues.index import RunIndex


def main() -> int:
    """Index; returns the exit code."""
    os.nice(5)  # pages come first
    try:
        RunIndex(Path(sys.argv[1]), Path(sys.argv[2])).refresh()
    except ClcaError as error:
        print(f"clca: {error.message}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
