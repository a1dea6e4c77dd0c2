from __future__ import annotations

import json
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clca.errors import ContentError, NotFoundError, SettingsError, StoreError
from clca.evaluation.prediction_dir import PREDICTIONS, find_evaluation, read_info
from clca.evaluation.wvs.prediction_dir import WvsPredictionDir, read_predictions
from clca.evaluation.wvs.request_group import RespondentRequestGroup
from clca.records import Prediction
from tests.inference.request_groups import groups


def answered(group: RespondentRequestGroup, option: int = 0) -> list[Prediction]:
    return [
        Prediction(
            culture=group.culture, method=group.method, respondent=group.respondent, item=one.item.id, option=option
        )
        for one in group.questions
    ]


def filled(path: Path, asked: Sequence[RespondentRequestGroup], count: int) -> list[Prediction]:
    """A folder with the first groups answered; their predictions."""
    with WvsPredictionDir(path, asked) as folder:
        for group in asked[:count]:
            folder.add(group, answered(group))
        return list(folder.predictions())


def test_what_was_added_is_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    asked = groups(3)
    before = filled(tmp_path / "one", asked, 2)
    assert len(before) == 12
    with WvsPredictionDir(tmp_path / "one", asked) as folder:
        assert folder.finished == {("japan", "persona", "r0"), ("japan", "persona", "r1")}
        assert list(folder.predictions()) == before


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_the_group_that_a_kill_left_unfinished_is_cut_off_whole(tmp_path: Path, cut: int) -> None:
    asked = groups(3)
    before = filled(tmp_path, asked, 2)
    file = tmp_path / PREDICTIONS
    file.write_bytes(file.read_bytes()[:-cut])
    with WvsPredictionDir(tmp_path, asked) as folder:
        assert folder.finished == {("japan", "persona", "r0")}
        assert list(folder.predictions()) == before[:6]
        folder.add(asked[1], answered(asked[1]))
    assert list(read_predictions(tmp_path)) == before


def test_a_group_that_stands_twice_is_told_with_its_line(tmp_path: Path) -> None:
    asked = groups(2)
    filled(tmp_path, asked, 2)
    file = tmp_path / PREDICTIONS
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines, *lines[:6]]))
    with pytest.raises(ContentError, match=rf"^{file}:13: duplicate request group; .*--new$"):
        WvsPredictionDir(tmp_path, asked)


def test_a_hole_in_the_file_is_told_and_nothing_is_cut(tmp_path: Path) -> None:
    asked = groups(2)
    filled(tmp_path, asked, 2)
    file = tmp_path / PREDICTIONS
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:5], *lines[6:]]))
    with pytest.raises(
        ContentError,
        match=rf"^{file}:6: its request group is not part of this evaluation, or follows an incomplete",
    ):
        WvsPredictionDir(tmp_path, asked)
    assert len(file.read_bytes().splitlines()) == 11


def test_a_line_that_is_no_prediction_is_told_with_its_number(tmp_path: Path) -> None:
    filled(tmp_path, groups(1), 1)
    with (tmp_path / PREDICTIONS).open("a") as file:
        file.write('{"culture": "japan"}\n')
    with pytest.raises(ContentError, match=rf"{PREDICTIONS}:7: method: missing key"):
        WvsPredictionDir(tmp_path, groups(1))


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with WvsPredictionDir(tmp_path, groups(1)), pytest.raises(StoreError, match="is in use by another process"):
        WvsPredictionDir(tmp_path, groups(1))
    WvsPredictionDir(tmp_path, groups(1)).__exit__()


def test_a_full_disk_costs_only_the_group_that_did_not_fit(tmp_path: Path) -> None:
    asked = groups(2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with WvsPredictionDir(tmp_path, asked) as folder:
        folder.add(asked[0], answered(asked[0]))
        size = (tmp_path / PREDICTIONS).stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
        try:
            with pytest.raises(StoreError, match="cannot write"):
                folder.add(asked[1], answered(asked[1]))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (tmp_path / PREDICTIONS).stat().st_size == size
        folder.add(asked[1], answered(asked[1]))
    assert len(list(read_predictions(tmp_path))) == 12


def test_prompts_are_kept_in_two_halves_each_set_of_questions_once(tmp_path: Path) -> None:
    asked = [*groups(2), *groups(1, items=3, method="cultural")]
    with WvsPredictionDir(tmp_path, asked) as folder:
        folder.write_prompts(asked)
    questions = [json.loads(line) for line in (tmp_path / "questions.jsonl").read_text().splitlines()]
    begun = [json.loads(line) for line in (tmp_path / "sheets.jsonl").read_text().splitlines()]
    assert len(questions) == 6 + 3
    for group, said in zip(asked, begun, strict=True):
        assert (said["method"], said["respondent"], said["system"]) == (group.method, group.respondent, group.system)
        its = [one for one in questions if one["set"] == said["questions"]]
        assert [(one["item"], one["text"]) for one in its] == [(one.item.id, one.text) for one in group.questions]


def test_evaluations_are_found_by_folder_and_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "evaluations" / "wvs" / "tiny-japan-1a2b3c"
    with pytest.raises(NotFoundError, match="no evaluation 'tiny'"):
        find_evaluation("tiny", tmp_path / "evaluations", "wvs")
    with WvsPredictionDir(folder, groups(1)) as opened:
        opened.write_info({"student": "tiny"})
    out = tmp_path / "evaluations"
    for name in (folder.name, str(folder)):
        found, selection = find_evaluation(name, out, "wvs")
        assert (found, selection.others) == (folder, {})
    assert read_info(folder) == {"student": "tiny"}
    with pytest.raises(NotFoundError, match=r"did you mean tiny-japan-1a2b3c\?$"):
        find_evaluation("tny-japan-1a2b3c", out, "wvs")


def begun(out: Path, name: str, **info: Any) -> None:
    with WvsPredictionDir(out / "wvs" / name, groups(1)) as opened:
        opened.write_info({"fingerprint": str(info.get("inputs", "")), **info})


def test_of_evaluations_with_the_same_inputs_the_newest_finished_one_is_found_and_the_others_are_named(
    tmp_path: Path,
) -> None:
    begun(tmp_path, "tiny-japan-a", created="2026-01-01", finished=True, inputs={"seed": 1})
    begun(tmp_path, "tiny-japan-a-2", created="2026-01-02", finished=True, inputs={"seed": 1})
    begun(tmp_path, "tiny-japan-a-3", created="2026-01-03", finished=False, inputs={"seed": 1})
    folder, selection = find_evaluation("tiny-japan", tmp_path, "wvs")
    assert folder.name == "tiny-japan-a-2"
    assert {Path(name).name: why for name, why in selection.others.items()} == {
        "tiny-japan-a": "the same inputs",
        "tiny-japan-a-3": "not finished",
    }


def test_evaluations_that_differ_are_asked_for_by_their_whole_names(tmp_path: Path) -> None:
    begun(tmp_path, "tiny-japan-a", created="2026-01-02", finished=True, inputs={"seed": 1})
    begun(tmp_path, "tiny-japan-b", created="2026-01-01", finished=True, inputs={"seed": 2})
    with pytest.raises(SettingsError, match=r"^tiny-japan is the beginning of .*-a and .*-b \(seed: 1 -> 2\): give"):
        find_evaluation("tiny-japan", tmp_path, "wvs")
    assert find_evaluation("tiny-japan-b", tmp_path, "wvs")[0].name == "tiny-japan-b"


def test_a_damaged_info_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text("[1")
    with pytest.raises(StoreError, match=r"cannot read .*evaluation.json"):
        read_info(tmp_path)
