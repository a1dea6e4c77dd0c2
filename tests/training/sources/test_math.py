from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.errors import ClcaError
from clca.models.messages import Chat
from clca.training.examples import Dropped, Example
from clca.training.sources.math import BEFORE, NEW_PROBLEM, gsm8k, mathchat
from clca.training.tokenization import Encoder
from tests.models.students import student
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


def chat_of(tmp_path: Path, **talk: str) -> Example:
    file = lines(tmp_path / "lines.jsonl", {**PROBLEM, **talk})
    (example,) = made(mathchat(material(files={"mathchat": file})))
    return example


def trained(example: Example) -> list[str]:
    rendered = Encoder(student("qwen-2.5"), 2048).render(example)
    assert rendered is not None
    return [text.removesuffix("<|im_end|>") for text in rendered.trained()]


def test_a_follow_up_goes_on_from_the_solved_problem(tmp_path: Path) -> None:
    example = chat_of(
        tmp_path, followup="A: And with 5 bags?\nB: 5 * 4 =\n<<5*4=20>>20.\nA: Eat 2?\nB: 18. Plan B: 17."
    )
    assert turns(example) == [
        *ASKED,
        ("user", "And with 5 bags?"),
        ("assistant", "5 * 4 =\n20."),
        ("user", "Eat 2?"),
        ("assistant", "18. Plan B: 17."),
    ]
    assert trained(example) == [ASKED[1][1], "5 * 4 =\n20.", "18. Plan B: 17."]


def test_speakers_in_bold_are_read_too(tmp_path: Path) -> None:
    example = chat_of(tmp_path, followup="A:** And with 5 bags?\n\n**B:** 20.\n\n**A:** Eat 2?\n\n**B:** 18.")
    assert turns(example)[2:] == [
        ("user", "And with 5 bags?"),
        ("assistant", "20."),
        ("user", "Eat 2?"),
        ("assistant", "18."),
    ]


def test_a_new_problem_is_written_on_request(tmp_path: Path) -> None:
    new = "New Problem: Ben has 2 bags of 6 nuts. How many?\n\nSolution: 2 * 6 = <<2*6=12>>12."
    assert turns(chat_of(tmp_path, new_problem=new)) == [
        *ASKED,
        ("user", NEW_PROBLEM),
        ("assistant", "New Problem: Ben has 2 bags of 6 nuts. How many?\n\nSolution: 2 * 6 = 12."),
    ]


def test_of_a_corrected_error_only_the_correction_is_trained(tmp_path: Path) -> None:
    example = chat_of(
        tmp_path, error_correction="A: 3 bags of 4 nuts?\n\nB: 7.\n\nA: Try again.\n\nB: 3 * 4 = <<3*4=12>>12."
    )
    assert turns(example) == [
        ("user", "3 bags of 4 nuts?"),
        ("assistant", "7."),
        ("user", "Try again."),
        ("assistant", "3 * 4 = 12."),
    ]
    assert trained(example) == ["3 * 4 = 12."]


def test_an_error_is_explained_to_the_user_who_made_it(tmp_path: Path) -> None:
    """The same key as a correction: here A speaks last."""
    example = chat_of(
        tmp_path, error_correction="A: 3 bags of 4 nuts?\n\nB: 7, right?\n\nA: You added.\n\nB: 12?\n\nA: Yes, 12."
    )
    assert turns(example) == [
        ("user", "3 bags of 4 nuts?\n7, right?"),
        ("assistant", "You added."),
        ("user", "12?"),
        ("assistant", "Yes, 12."),
    ]
    assert trained(example) == ["You added.", "Yes, 12."]


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
        (PROBLEM, r"x\.jsonl:2: needs one of followup, error_correction, new_problem$"),
        ({**PROBLEM, "followup": "no turns"}, r"x\.jsonl:2: followup: needs turns that begin with A: and B:$"),
        ({**PROBLEM, "followup": "A: \nB: y"}, r"x\.jsonl:2: an empty message of the user$"),
        ({**PROBLEM, "error_correction": "A: x"}, r"x\.jsonl:2: roles must be .*; given: nothing$"),
        ({"question": "q", "followup": "A: x\nB: y"}, r"x\.jsonl:2: answer: missing key$"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, row: dict[str, str], message: str) -> None:
    file = lines(tmp_path / "x.jsonl", {**PROBLEM, "followup": "A: x\nB: y"}, row)
    with pytest.raises(ClcaError, match=message):
        list(mathchat(material(files={"mathchat": file})))
