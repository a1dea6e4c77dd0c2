"""The program `clca`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. Ctrl-C prints one line and exits with 130, also while the command line is imported."""
    try:
        from clca.cli import main as run
    except KeyboardInterrupt:
        print("clca: interrupted", file=sys.stderr)
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
