"""Which dialogues fulfil an SQL condition, by DuckDB, which may read the files of the runs and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from clca.errors import SettingsError
from clca.printable import one_line
from clca.quality.columns import dialogue_columns, sql_type
from clca.safe_open import LONGEST
from clca.storage.run_dir import FILES
from clca.words import beginning

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GB"
ROWS = 10_000  # ids that are fetched at a time
OF_FAILURES = {"stage": "string", "detail": "string"}


def matching_ids(where: str, files: Sequence[Path]) -> dict[Path, set[str]]:
    """The ids of the dialogues of each JSONL file that fulfil the condition.

    Lines are read as they are needed, never all at once. The condition sees the fields of the records, and `outcome`; a
    field that a record has not is NULL. Raises `SettingsError` for a condition that is no single SQL expression, or
    cannot be answered.
    """
    import duckdb

    paths = {str(path.absolute()): path for path in files if path.is_file() and path.stat().st_size}
    ids: dict[Path, set[str]] = {path: set() for path in files}
    odd = next(filter(has_magic, paths), None)
    if odd is not None:
        raise SettingsError(f"--where cannot read {odd}, whose name has * ? or [ in it: rename the folder")
    if not paths:
        return ids
    try:
        with closing(_connection(list(paths))) as connection:
            statements = connection.extract_statements(_query(where, list(paths)))
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise SettingsError("--where takes one condition, as in 'len(turns) > 10', and no statement")
            rows = connection.execute(statements[0])
            while some := rows.fetchmany(ROWS):
                for file, dialogue in some:
                    if file in paths:
                        ids[paths[file]].add(dialogue)
    except duckdb.Error as error:
        fault = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise SettingsError(f"--where {beginning(one_line(where), 80)}: {beginning(one_line(fault), 300)}") from None
    return ids


def _connection(files: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """A database in memory that opens these files only, loads nothing, and whose settings stay as they are."""
    import duckdb

    connection = duckdb.connect(":memory:", config={"memory_limit": MEMORY})
    for setting in (
        "autoinstall_known_extensions=false",
        "autoload_known_extensions=false",
        "enable_progress_bar=false",
        "temp_directory=''",
        f"allowed_paths=[{_texts(files)}]",
        "enable_external_access=false",
        "lock_configuration=true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def _query(where: str, files: Sequence[str]) -> str:
    types = {name: sql_type(kind) for name, kind in {**dialogue_columns(), **OF_FAILURES}.items()}
    columns = ", ".join(f"{name}: {_text(kind)}" for name, kind in types.items())
    cases = " ".join(f"WHEN {_text(Path(name).stem)} THEN {_text(outcome)}" for outcome, name in FILES.items())
    return (
        f"SELECT filename, id FROM (SELECT *, CASE parse_filename(filename, true) {cases} END AS outcome"
        f" FROM read_json([{_texts(files)}], format='newline_delimited', columns={{{columns}}}, filename=true,"
        f" hive_partitioning=false, maximum_object_size={LONGEST}))"
        f" WHERE (\n{where}\n)"
    )


def _texts(values: Sequence[str]) -> str:
    return ", ".join(map(_text, values))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
