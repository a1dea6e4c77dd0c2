"""`python -m benchmarks [NAME...] [--peer] [--scale 0.1] [--json FILE]`, or `... teacher|replay|service-pages`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measurements import EVERY, PEERS, Bench
from benchmarks.table import Row


def main() -> int:
    if sys.argv[1:2] == ["teacher"]:
        from benchmarks import teacher

        return teacher.main(sys.argv[2:])
    if sys.argv[1:2] == ["replay"]:
        from benchmarks import replay

        return replay.main(sys.argv[2:])
    if sys.argv[1:2] == ["service-pages"]:
        from benchmarks import service_pages

        return service_pages.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure clca against its targets.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(EVERY)}; default all but {' and '.join(PEERS)}"
    )
    parser.add_argument(
        "--peer", action="store_true", help="measure data-designer too, in a temporary venv, and lm-eval"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full sizes, to try it out")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(EVERY):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(EVERY)}")
    names = chosen.names or [name for name in EVERY if name not in PEERS]
    if chosen.peer:
        names += [name for name in PEERS if name not in names]
    rows: list[Row] = []
    print(f"{'measurement':<14} {'what':<46} {'value':>10}      target", flush=True)
    with tempfile.TemporaryDirectory(prefix="clca-bench-") as folder:
        bench = Bench(Path(folder), chosen.scale)
        for name in names:
            for row in EVERY[name](bench):
                rows.append(row)
                print(line(row), flush=True)
    if chosen.json is not None:
        data = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "cores": len(os.sched_getaffinity(0)),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "scale": chosen.scale,
            "rows": [{**asdict(row), "met": row.met} for row in rows],
        }
        chosen.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 0 if all(row.met is not False for row in rows) else 1


def line(row: Row) -> str:
    value = f"{row.value:,.0f}" if row.unit == "" else f"{row.value:,.2f}"
    limits = (("<=", row.at_most), (">=", row.at_least))
    target = " ".join(f"{sign} {limit:g}" for sign, limit in limits if limit is not None)
    met = {True: "met", False: "MISSED", None: ""}[row.met]
    return f"{row.measurement:<14} {row.what:<46} {value:>10} {row.unit:<4} {target:<10} {met}".rstrip()


if __name__ == "__main__":
    raise SystemExit(main())
