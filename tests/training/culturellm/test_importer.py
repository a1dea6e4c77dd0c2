from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.cli.views.culturellm_import import import_culturellm as import_and_show
from clca.content.lookup import Content
from clca.errors import ClcaError
from clca.training.culturellm.audit import CultureLlmAudit, finding_lines, read_audit
from clca.training.culturellm.importer import import_culturellm
from clca.training.culturellm.line import SurveyLine
from clca.training.s2n_sources import load_s2n_sources
from tests.training.culturellm.files import GLAD, GREEK, PROUD, STRANGE, THEFT, chat, culturellm

EVALUATED = {"Q27", "Q28"}


def imported(folder: Path, out: Path) -> CultureLlmAudit:
    return import_culturellm(folder, load_s2n_sources(Content()), EVALUATED, out)


def lines(file: Path) -> list[SurveyLine]:
    return [SurveyLine.model_validate_json(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_questions_keep_their_words_and_get_their_item(tmp_path: Path) -> None:
    audit = imported(culturellm(tmp_path / "CultureLLM"), tmp_path / "out")
    assert lines(tmp_path / "out" / "greece.jsonl") == [
        SurveyLine(item="Q27", question=PROUD, answer=1),
        SurveyLine(item="Q27", question=GLAD, answer=2, paraphrase=True),
        SurveyLine(item="Q132", question=THEFT, answer=1),
        SurveyLine(item="Q132", question=THEFT, answer=4),
        SurveyLine(item=None, question=STRANGE, answer=2, paraphrase=True),
        SurveyLine(item="Q27", question=PROUD, answer=1),
    ]
    assert read_audit(tmp_path / "out") == audit


def test_what_is_odd_in_a_file_is_counted_and_said(tmp_path: Path) -> None:
    audit = imported(culturellm(tmp_path / "CultureLLM"), tmp_path / "out")
    (file,) = audit.files
    assert (file.lines, file.paraphrases, file.items) == (6, 2, ("Q27", "Q132"))
    assert (file.evaluated, file.evaluated_items) == (3, ("Q27",))
    assert (file.repeated, file.contradicted, file.outside, file.unknown, file.unreadable) == (1, 1, 1, 1, 1)
    first, missing = finding_lines(audit)
    assert first == (
        "greece: 1 repeating an earlier line; 1 questions with more than one answer; 1 with an answer outside the"
        " question's scale; 1 of an unknown item; 1 left out, without a question and a number (the first at"
        " Greece/Finetune/WVQ_Greece_llama.jsonl:6)"
    )
    assert missing.startswith("missing: Arabic/Finetune/WVQ_arabic_Iraq_Jordan_llama.jsonl, Bengali/")


def test_lines_of_messages_are_read_as_well(tmp_path: Path) -> None:
    imported(culturellm(tmp_path / "CultureLLM", Turkey=(chat(PROUD, 3),)), tmp_path / "out")
    assert lines(tmp_path / "out" / "turkey.jsonl") == [SurveyLine(item="Q27", question=PROUD, answer=3)]


@pytest.mark.parametrize(
    "line",
    [
        r'{"text": "### Question: Half a pair \ud800, from 1 to 4?\n ### Answer: 1"}',
        '{"messages": [{"role": "user", "content": null}, {"role": "assistant", "content": "1"}]}',
    ],
)
def test_a_line_whose_question_is_no_text_is_left_out_and_counted(tmp_path: Path, line: str) -> None:
    (file,) = imported(culturellm(tmp_path / "CultureLLM", Greece=(line, GREEK[0])), tmp_path / "out").files
    assert (file.lines, file.unreadable) == (1, 1)
    assert file.first_unreadable == "Greece/Finetune/WVQ_Greece_llama.jsonl:1"


def test_a_scale_of_thousands_of_digits_is_no_scale() -> None:
    line = SurveyLine(item=None, question=f"From one, from 1 to {'9' * 5000}: how many?", answer=1)
    assert line.scale is None
    assert line.fits_scale


def test_an_earlier_import_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    folder, out = culturellm(tmp_path / "CultureLLM"), tmp_path / "out"
    imported(folder, out)
    (folder / "data" / "Greece" / "Finetune" / "WVQ_Greece_llama.jsonl").write_text(GREEK[0])
    assert imported(folder / "data", out).files[0].lines == 1
    (out / "greece.jsonl").write_text("mine")
    with pytest.raises(ClcaError, match=r"greece\.jsonl was changed since it was imported: move it away"):
        imported(folder, out)
    imported(folder, tmp_path / "other")
    (tmp_path / "other" / "notes.txt").touch()
    with pytest.raises(ClcaError, match=r"other holds notes\.txt, which no import wrote: give --out a new folder$"):
        imported(folder, tmp_path / "other")
    (tmp_path / "third").mkdir()
    imported(folder, tmp_path / "third")
    moved = folder.rename(tmp_path / "third" / "CultureLLM")
    with pytest.raises(ClcaError, match=r"CultureLLM, which is to be imported: give --out another folder$"):
        imported(moved, tmp_path / "third")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("WVQ.jsonl", None, r"CultureLLM/data has no WVQ\.jsonl: give CultureLLM's folder, or its folder data$"),
        ("WVQ.jsonl", '{"q_content": "x"}', r"WVQ\.jsonl:1: needs q_id, the number of a question, and q_content$"),
        ("WVQ.jsonl", '{"q_id": "²", "q_content": "x"}', r"WVQ\.jsonl:1: needs q_id, the number of a question"),
        ("WVQ.jsonl", f'{{"q_id": "{"9" * 5000}", "q_content": "x"}}', r"WVQ\.jsonl:1: needs q_id, the number of a"),
        ("Greece/Finetune/WVQ_Greece_llama.jsonl", None, r"has none of the 10 files that trainers/s2n_sources\.csv"),
        ("Greece/Finetune/WVQ_Greece_llama.jsonl", "{", r"WVQ_Greece_llama\.jsonl:1: not JSON$"),
        ("Greece/Finetune/WVQ_Greece_llama.jsonl", "[]", r"WVQ_Greece_llama\.jsonl:1: not a JSON object$"),
        ("Greece/Finetune/WVQ_Greece_llama.jsonl", "{}", r"llama\.jsonl: has no line with a question and a number"),
    ],
)
def test_a_folder_without_what_is_needed_is_refused(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    folder = culturellm(tmp_path / "CultureLLM")
    file = folder / "data" / name
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(ClcaError, match=message):
        imported(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_shows_counts_and_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import_and_show(culturellm(tmp_path / "CultureLLM"), tmp_path / "out", as_json=False)
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "greece 6 2 2 3 (of 1 items)" in shown
    assert any("1 with an answer outside" in line for line in shown)
    import_and_show(tmp_path / "CultureLLM", tmp_path / "out", as_json=True)
    assert json.loads(capsys.readouterr().out)["files"][0]["evaluated_items"] == ["Q27"]
