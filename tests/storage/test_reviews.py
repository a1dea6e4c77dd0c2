"""What people say of dialogues: the last word of each counts, and a rejection outweighs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clca.errors import ContentError
from clca.storage.reviews import FILE, Review, ReviewFile, read_reviews, reviewed, status_of


def review(**fields: Any) -> Review:
    return Review(**{"id": "a", "reviewer": "ana", "time": "2026-01-01", "verdict": "accepted", **fields})


def add(folder: Path, *reviews: Review) -> None:
    file = ReviewFile(folder)
    for one in reviews:
        file.add(one)
    file.close()


def test_the_last_verdict_of_each_reviewer_counts_and_one_rejection_outweighs(tmp_path: Path) -> None:
    assert read_reviews(tmp_path) == {}
    add(
        tmp_path,
        review(id="a"),
        review(id="a", reviewer="ben", verdict="rejected"),
        review(id="b", verdict="rejected"),
        review(id="b"),
        review(id="c", verdict="", comment="hm"),
    )
    assert reviewed(tmp_path) == {"a": "rejected", "b": "accepted"}
    assert status_of(read_reviews(tmp_path)["c"].values()) == "open"


def test_a_comment_takes_no_verdict_back_and_a_verdict_no_comment(tmp_path: Path) -> None:
    add(tmp_path, review(verdict="rejected"), review(verdict="", comment="stiff"), review())
    own = read_reviews(tmp_path)["a"]["ana"]
    assert (own.verdict, own.comment) == ("accepted", "stiff")


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_half_a_line_of_a_kill_goes_and_nothing_else(tmp_path: Path, cut: int) -> None:
    add(tmp_path, review(), review(id="b"))
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole + whole[:cut])
    assert set(read_reviews(tmp_path)) == {"a", "b"}
    add(tmp_path, review(id="c"))
    assert (tmp_path / FILE).read_bytes().startswith(whole)
    assert set(read_reviews(tmp_path)) == {"a", "b", "c"}


def test_a_line_that_is_no_review_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(review().model_dump_json() + '\n{"id": "b", "verdict": "maybe"}\n')
    with pytest.raises(ContentError, match=r"reviews\.jsonl:2: "):
        read_reviews(tmp_path)
