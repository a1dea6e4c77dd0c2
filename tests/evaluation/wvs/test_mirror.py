"""The readers are symmetric: what is read of one side of an item is read of its mirror image."""

from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.content.wvs_scales import scaled_items
from clca.evaluation.wvs.question import item_questions
from clca.evaluation.wvs.suite import load_suite
from tests.evaluation.wvs.mirror_replies import FRAMES, PAIRS, mirrored_replies
from tests.evaluation.wvs.test_items import kind

SUITES = {language: load_suite(Content(), language) for language in FRAMES}


@pytest.mark.parametrize("pairs", [30, pytest.param(PAIRS, marks=pytest.mark.slow)])
@pytest.mark.parametrize("language", SUITES)
def test_a_reply_is_read_on_one_side_of_an_item_as_its_image_is_on_the_other(language: str, pairs: int) -> None:
    """Of 300 replies of each item the first 60: enough are read, and enough are not; all of them in the slow tier."""
    suite, faults = SUITES[language], []
    for question in item_questions(suite.items.items, suite.prompts, "chat", "given", 0):
        last, count = len(question.item.options) - 1, 0
        for option, reply, image in mirrored_replies(language, kind(question.item.id), question.item)[:pairs]:
            read, mirrored = (suite.reader.read(text, question) for text in (reply, image))
            if mirrored != (None if read is None else last - read):
                faults.append((question.item.id, option, reply, read, image, mirrored))
            count += read is not None
        assert pairs // 3 < count < pairs * 9 // 10, (question.item.id, count)
    assert faults == []


@pytest.mark.parametrize("language", SUITES)
def test_strong_agreement_is_not_read_where_only_agreement_was_offered(language: str) -> None:
    suite = SUITES[language]
    (five,) = (item for item in suite.items.items if item.id == "Q33")
    (three,) = item_questions(scaled_items([five], ["Q33"]), suite.prompts, "chat", "given", 0)
    assert len(three.labels) == 3
    assert [suite.reader.read(words, three) for words in five.options] == [None, 0, 1, 2, None]
    assert [suite.reader.read(f"{place}", three) for place in range(6)] == [None, 0, 1, 2, None, None]
