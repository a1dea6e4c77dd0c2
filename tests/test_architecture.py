"""Who may import whom: the table of the design, read from the sources."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import clca

ROOT = Path(clca.__file__).parent

# The base, from the ground up: each imports only those before it.
BASE = (
    "errors",
    "printable",
    "pictures",
    "bounded_json",
    "safe_open",
    "shell",
    "urls",
    "progress",
    "records",
    "schemas",
    "seeding",
    "tokens",
    "transcript",
    "words",
)
# What each room may import besides itself and the base; `a.b` allows that one module of `a`.
ROOMS: dict[str, set[str]] = {
    "": {"api", "api_dialogues", "client"},
    "content": {"storage.atomic"},
    "storage": {"content.decoding", "content.parsing"},
    "culture": {"content"},
    "models": {"content", "storage"},
    "inference": {"content", "storage", "models"},
    "cluster": {"content", "storage.fingerprint", "models", "inference"},
    "simulator": {"content", "culture", "inference.protocol"},
    "generation": {"content", "storage", "culture", "models", "inference", "cluster", "simulator"},
    "contamination": {
        "content",
        "evaluation.mmlu.csv_questions",
        "evaluation.mmlu.hub_questions",
        "evaluation.normad",
        "evaluation.offense.test_sets",
        "evaluation.parquet",
        "models.hub",
    },
    "quality": {
        "contamination",
        "content",
        "storage",
        "culture",
        "generation",
        "evaluation",
        "inference",
        "models.lookup",
        "models.messages",
        "models.vllm_arguments",
        "simulator",
        "training.dialogue_examples",
        "training.examples",
        "training.kept_dialogues",
        "training.training_sources",
    },
    "training": {
        "content",
        "storage",
        "culture",
        "models",
        "inference.hardware",
        "inference.memory",
        "contamination",
    },
    "evaluation": {"content", "storage", "culture", "models", "inference", "cluster", "training.mixture"},
    # It maps what training learns from, by the embedder and the choice of runs of the quality report.
    "analysis": {
        "content",
        "storage",
        "culture",
        "evaluation.arrays",
        "evaluation.validation",
        "quality.embedding",
        "quality.run_choice",
        "training.examples",
        "training.kept_dialogues",
        "training.recipe",
        "training.sources.culturellm",
        "training.sources.normad",
        "training.sources.wiki",
        "training.sources.wvs",
        "training.training_sources",
    },
    "metrics": {"evaluation", "analysis.separability"},
    "study": {
        "content",
        "storage",
        "culture",
        "models",
        "inference.hardware",
        "inference.vllm.manager",
        "cluster.servers",
        "stages",
        "stage_call",
        "generation",
        "quality",
        "training",
        "evaluation.kept_weights",
        "evaluation.prediction_dir",
        "evaluation.validation",
        "study.tables",
    },
    # The numbers of evaluations: of the graph it knows what a cell is, and how far it came, not how one is carried out.
    "study.tables": {
        "content",
        "storage",
        "culture",
        "models",
        "stages",
        "training.changed_settings",
        "training.config",
        "training.selection",
        "evaluation",
        "study.cells",
        "study.result",
        "study.study_file",
    },
    "report": {
        "content",
        "storage",
        "culture",
        "models",
        "inference",
        "generation",
        "quality",
        "training",
        "evaluation",
        "analysis",
        "study",
        "stages",
        "stage_call",
    },
    "api": {
        "content",
        "culture",
        "stage_call",
        "generation",
        "training",
        "evaluation",
        "analysis",
        "study",
        "report",
    },
    "api_dialogues": {"content", "stage_call", "quality"},
    "stage_call": {"content", "stages"},
    "schema_index": {"content", "stages"},
    "stages": {"content"},  # names the stages' packages, and loads them by name
    "content_check": {
        "content",
        "culture",
        "models",
        "inference",
        "simulator",
        "generation",
        "quality",
        "training",
        "evaluation",
        "fetching.sources",
        "study.source",
    },
    "fetching": {
        "content",
        "storage",
        "inference.http_client",
        "inference.proxies",
        "models.hub",
        "training.s2n_sources",
    },
    "doctor": {
        "content",
        "models",
        "inference",
        "generation.config",
        "stages",
        "study.source",
        "training.recipe_files",
    },
    "cli": {
        "analysis",
        "cluster",
        "content",
        "doctor",
        "fetching",
        "storage",
        "culture",
        "models",
        "inference",
        "simulator",
        "generation",
        "quality",
        "training",
        "evaluation",
        "report",
        "content_check",
        "service",
        "stages",
        "schema_index",
        "study",
    },
    "service": {
        "content",
        "storage",
        "models.student",
        "inference.vllm.process_guard",
        "generation",
        "quality.audit.plan",
        "quality.rate",
        "report.blocks",
        "report.config",
        "report.environment",
        "report.lineage.values",
        "report.sections.values",
        "study.config",
        "study.result",
        "study.status",
        "training.plan",
        "evaluation.plan",
        "evaluation.validation",
        "stages",
    },
    "client": {
        "content",
        "inference.http_client",
        "inference.proxies",
        "service.file_entry",
        "service.jobs.job",
        "stages",
        "storage",
    },
    "__main__": {"cli"},
}


def modules() -> dict[str, Path]:
    found = {}
    for file in ROOT.rglob("*.py"):
        parts = file.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


MODULES = modules()


def imported(tree: ast.AST, known: set[str]) -> Iterator[str]:
    """The modules of clca that a source imports anywhere in it, relative to `clca.`; '' is clca itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name == "clca" or name.startswith("clca."):
                inner = name.removeprefix("clca").removeprefix(".")
                while inner not in known:
                    inner = inner.rpartition(".")[0]
                yield inner


def at_module_level(tree: ast.Module) -> ast.Module:
    """The source without function bodies and without what only type checkers read."""

    class Pruned(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

        def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if "TYPE_CHECKING" in ast.dump(node.test) else self.generic_visit(node)

    pruned = Pruned().visit(tree)
    assert isinstance(pruned, ast.Module)
    return pruned


def room_of(module: str) -> str:
    """The innermost room that a module is in: of `study.tables.numbers` that is `study.tables`."""
    above = module
    while above not in ROOMS and "." in above:
        above = above.rpartition(".")[0]
    return above


def allowed(importer: str, target: str) -> bool:
    """Whether the table lets one module import another."""
    room, to = room_of(importer), room_of(target)
    if to in ("", room):
        return True  # clca itself holds only the version and the API
    if room in BASE:
        return to in BASE and BASE.index(to) < BASE.index(room)
    around = {target.rsplit(".", count)[0] for count in range(target.count(".") + 1)}
    return to in BASE or bool(around & ROOMS[room])


def test_every_module_belongs_to_a_room() -> None:
    rooms = {name.partition(".")[0] for name in MODULES}
    assert rooms <= {"", *BASE, *ROOMS}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_keep_to_the_table(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    assert [target for target in imported(tree, set(MODULES)) if not allowed(module, target)] == []


def test_no_import_cycle() -> None:
    graph = {}
    for module, file in MODULES.items():
        tree = at_module_level(ast.parse(file.read_text(encoding="utf-8")))
        graph[module] = {target for target in imported(tree, set(MODULES)) if target != module}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_package_root_imports_only_the_api_which_imports_the_rest_in_its_functions() -> None:
    root = at_module_level(ast.parse(MODULES[""].read_text(encoding="utf-8")))
    assert set(imported(root, set(MODULES))) == {"api", "api_dialogues"}
    for name in ("api", "api_dialogues"):
        module = at_module_level(ast.parse(MODULES[name].read_text(encoding="utf-8")))
        assert set(imported(module, set(MODULES))) == set()


@pytest.mark.parametrize(
    ("importer", "target"),
    [
        ("generation.judge", "evaluation.bootstrap"),
        ("simulator.teacher", "generation.dialogue"),
        ("simulator.teacher", "inference.chat_client"),
        ("culture.scores", "generation.scenarios"),
        ("training.builder", "inference.hf_model"),
        ("models.load", "inference.requests"),
        ("storage.run_dir", "generation.pipeline"),
        ("errors", "records"),
        ("evaluation.wvs.plan", "training.plan"),
        ("evaluation.wvs.plan", "generation.config"),
        ("generation.run", "cli"),
        ("training.plan", "quality.stats.run"),
        ("contamination.index", "quality.duplicates"),
        ("contamination.evaluations", "training.plan"),
        ("study.worker", "evaluation.wvs.scores"),
        ("study.tables.computing", "study.worker"),
    ],
)
def test_the_table_forbids(importer: str, target: str) -> None:
    assert not allowed(importer, target)


def test_imports_are_found_wherever_they_stand() -> None:
    source = (
        "import os\nimport clca.errors\nfrom clca import storage\nfrom clca.storage.run_dir import RunDir\n"
        "def f():\n    from clca.cli import files, no_module\n"
    )
    known = {"", "errors", "storage", "storage.run_dir", "cli", "cli.files"}
    assert list(imported(ast.parse(source), known)) == ["errors", "storage", "storage.run_dir", "cli.files", "cli"]
    assert list(imported(at_module_level(ast.parse(source)), known)) == ["errors", "storage", "storage.run_dir"]


def test_the_help_loads_no_heavy_library() -> None:
    program = "import sys, clca.cli; clca.cli.app(['--help'], standalone_mode=False); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "typer" in loaded
    heavy = {"torch", "transformers", "openai", "pydantic", "jinja2", "aiohttp", "numpy", "pyarrow"}
    assert heavy & set(loaded) == set()


def test_what_the_wheel_alone_can_do_loads_no_library_of_an_extra() -> None:
    program = "import sys, clca.content_check, clca.generation.run, clca.cli.views.offense_import; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"torch", "transformers", "datasets", "numpy", "pyarrow", "matplotlib"} & set(loaded) == set()
