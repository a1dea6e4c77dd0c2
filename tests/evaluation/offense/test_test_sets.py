"""Test sets that were imported, and the demonstration set."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.content_check import check
from clca.errors import ContentError, NotFoundError
from clca.evaluation.offense.suite import load_offense_suite
from clca.evaluation.offense.test_sets import (
    DEMONSTRATION,
    MANIFEST,
    check_demonstration,
    open_tests,
    read_manifest,
)
from tests.conftest import Overlay
from tests.evaluation.offense.posts import entry, lines, posts, run

TASKS = load_offense_suite(Content())
SCRIPTS = {
    "ara": "\u0600-\u06ff",
    "bangladesh": "\u0980-\u09ff",
    "china": "\u4e00-\u9fff",
    "greece": "\u0370-\u03ff",
    "south_korea": "\uac00-\ud7af",
}


def test_without_an_import_there_are_two_marked_tests_for_each_of_the_ten_cultures(content: Content) -> None:
    tests = open_tests(None, content)
    assert Counter(one.culture for one in tests) == dict.fromkeys(TASKS.cultures, 2)
    assert list(dict.fromkeys(one.culture for one in tests)) == list(TASKS.cultures)
    assert all(one.demonstration and one.notes for one in tests)
    assert sum(one.task == "offensive_detect" for one in tests) == 10
    for one in tests:
        examples = list(one.examples("corrected"))
        assert list(one.examples("paper")) == examples
        assert Counter(example.gold for example in examples) == dict.fromkeys(one.task_type.labels, 6)
        assert len({example.text for example in examples}) == len({example.id for example in examples}) == 12
        script = SCRIPTS.get(one.culture, "a-zA-Z")
        assert all(re.search(f"[{script}]", example.text) for example in examples)


def test_a_demonstration_cannot_be_answered_by_the_place_of_its_texts(content: Content) -> None:
    rows = [[example.gold for example in test.examples("corrected")] for test in open_tests(None, content)]
    positive = [
        [gold == test.task_type.labels[0] for gold in row]
        for row, test in zip(rows, open_tests(None, content), strict=True)
    ]
    assert len({tuple(one) for one in positive}) == 20
    assert all(5 < sum(place) < 15 for place in zip(*positive, strict=True))


def test_every_line_of_the_demonstration_set_says_what_it_is(content: Content) -> None:
    for path in content.files(DEMONSTRATION):
        for line in content.text(path).splitlines():
            assert json.loads(line)["demonstration"] is True


def test_imported_sets_come_in_the_order_of_the_papers_cultures(tmp_path: Path, content: Content) -> None:
    (tmp_path / "in").mkdir()
    names = ("turkey", "japan", "usa", "greece")
    for name in names:
        (tmp_path / "in" / f"{name}.jsonl").write_bytes(lines(posts(4)))
    entries = [entry(f"{name}.jsonl", culture=name, task="posts", note=f"of {name}") for name in names]
    run(tmp_path / "in", tmp_path / "out", *entries)
    tests = open_tests(tmp_path / "out", content)
    assert [one.name for one in tests] == ["usa/posts", "greece/posts", "turkey/posts", "japan/posts"]
    assert [(one.type, one.rows, one.demonstration) for one in tests] == [("offensive_detect", 4, False)] * 4
    assert tests[0].notes == ("of usa",)
    assert len({one.digest for one in tests}) == 1
    assert tests[0].digest == read_manifest(tmp_path / "out").sets[0].sha256


def test_examples_are_read_when_they_are_asked_for_and_again_when_asked_again(tmp_path: Path, content: Content) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "posts.jsonl").write_bytes(lines(posts(4)))
    run(tmp_path / "in", tmp_path / "out", entry())
    (test,) = open_tests(tmp_path / "out", content)
    assert [one.id for one in test.examples("paper")] == ["1", "2", "3", "4"]
    first = test.examples("corrected")
    assert next(first).text == "text 0"
    assert len(list(test.examples("corrected"))) == 4
    assert len(list(first)) == 3


def test_a_folder_that_is_no_import_or_is_damaged_is_named(tmp_path: Path, content: Content) -> None:
    with pytest.raises(NotFoundError, match=r"no test sets at .* \(import them with `clca data import-offense DIR`\)"):
        open_tests(tmp_path, content)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "posts.jsonl").write_bytes(lines(posts(4)))
    out = tmp_path / "out"
    run(tmp_path / "in", out, entry())
    file = out / "japan" / "posts.jsonl"
    (test,) = open_tests(out, content)
    file.write_text('{"id": "1", "text": "x", "label": "ODD", "source_label": "ODD"}\n')
    with pytest.raises(
        ContentError,
        match=r"posts\.jsonl:1: label: offensive_detect has no label 'ODD'; there are OFF, NOT.*: import .* again",
    ):
        list(test.examples("corrected"))
    file.write_text('{"id": "1"}\n')
    with pytest.raises(ContentError, match=r"posts\.jsonl:1: text: missing key"):
        list(test.examples("paper"))
    file.unlink()
    with pytest.raises(NotFoundError, match=r"posts\.jsonl of manifest\.json is missing: import the test sets again"):
        open_tests(out, content)
    (out / MANIFEST).write_text("{}")
    with pytest.raises(ContentError, match=r"manifest\.json: .*missing key.*: import the test sets again"):
        open_tests(out, content)


LINE = '{"id": "1", "text": "x", "label": "OFF", "source_label": "OFF", "demonstration": true}\n'


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (
            "usa/offensive_detect",
            LINE.replace("OFF", "OF"),
            r"jsonl:1: label: offensive_detect has no label 'OF'; there are OFF, NOT",
        ),
        ("usa/offensive_detect", LINE.replace("true", "false"), r"jsonl:1: demonstration: has to be true"),
        ("usa/ofensive_detect", LINE, r"no task type 'ofensive_detect' in .*; did you mean offensive_detect"),
        ("us/offensive_detect", LINE, r"no culture 'us' in .*; did you mean usa\?"),
    ],
)
def test_a_fault_in_a_demonstration_file_is_named(overlay: Overlay, path: str, text: str, message: str) -> None:
    content = overlay({f"eval/offense/demo/{path}.jsonl": text})
    with pytest.raises(ContentError, match=message):
        check_demonstration(content)
    assert len(check(content)) == 1


def test_content_check_names_a_fault_in_the_shipped_mapping(overlay: Overlay) -> None:
    text = Content().text("eval/offense/public.yaml").replace("type: spam_detect", "type: spam_detct", 1)
    (fault,) = check(overlay({"eval/offense/public.yaml": text}))
    assert re.search(r"public\.yaml:\d+: files\.\d+\.type: no task type 'spam_detct'; did you mean", fault.message)
