from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.errors import ClcaError
from clca.models.messages import Chat
from clca.training.examples import Dropped, Example
from clca.training.sources.math import BEFORE, gsm8k, mathchat
from tests.training.material import made, material

PROBLEM = {"question": "Ana has 3 bags of 4 nuts. How many?", "answer": "3 * 4 = <<3*4=12>>12 nuts.\n#### 12"}


def lines(path: Path, *rows: dict[str, str]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def turns(example: Example) -> list[tuple[str, str]]:
    assert isinstance(example.body, Chat)
    return [(message.role, message.content) for message in example.body.messages]


ASKED = [("user", PROBLEM["question"]), ("assistant", "3 * 4 = 12 nuts.\n#### 12")]


def test_a_problem_is_asked_and_answered_without_the_calculators_marks(tmp_path: Path) -> None:
    (one,) = gsm8k(material(files={"gsm8k": lines(tmp_path / "train.jsonl", PROBLEM)}))
    assert turns(one) == ASKED
    assert (one.task, one.group) == ("maths", PROBLEM["question"])


@pytest.mark.parametrize("key", ["followup", "error_correction", "error_analysis", "new_problem"])
def test_a_talk_goes_on_from_the_problem(tmp_path: Path, key: str) -> None:
    row = {**PROBLEM, key: "A: And with 5 bags?\nB: 5 * 4 =\n<<5*4=20>>20.\nA: Eat 2?\nB: 18. Plan B: 17."}
    (one,) = made(mathchat(material(files={"mathchat": lines(tmp_path / "follow_up.jsonl", row)})))
    assert turns(one) == [
        *ASKED,
        ("user", "And with 5 bags?"),
        ("assistant", "5 * 4 =\n20."),
        ("user", "Eat 2?"),
        ("assistant", "18. Plan B: 17."),
    ]


def test_a_talk_with_words_that_nobody_says_is_counted_and_left_out(tmp_path: Path) -> None:
    row = {**PROBLEM, "followup": "Here it is:\nA: And with 5 bags?\nB: 20."}
    material_ = material(files={"mathchat": lines(tmp_path / "follow_up.jsonl", row)})
    assert list(mathchat(material_)) == [Dropped(BEFORE, PROBLEM["question"])]


def test_all_files_of_a_folder_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b", "a"):
        lines(tmp_path / f"{name}.jsonl", {**PROBLEM, "question": name, "followup": "A: x\nB: y"})
    (tmp_path / "README.md").write_text("no data")
    assert [one.group for one in made(mathchat(material(files={"mathchat": str(tmp_path)})))] == ["a", "b"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (PROBLEM, r"x\.jsonl:2: needs one of followup, error_correction, error_analysis, new_problem with turns"),
        ({**PROBLEM, "followup": "no turns"}, r"x\.jsonl:2: needs one of followup"),
        ({**PROBLEM, "followup": "A: \nB: y"}, r"x\.jsonl:2: an empty message of the user$"),
        ({"question": "q", "followup": "A: x\nB: y"}, r"x\.jsonl:2: answer: missing key$"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, row: dict[str, str], message: str) -> None:
    file = lines(tmp_path / "x.jsonl", {**PROBLEM, "followup": "A: x\nB: y"}, row)
    with pytest.raises(ClcaError, match=message):
        list(mathchat(material(files={"mathchat": file})))
