"""The errors of the manual are those of the code."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import TEXTS
from tests.docs.messages import is_of, texts

MESSAGES = re.findall(r"^> (.+)$", TEXTS["docs/faq.md"], re.MULTILINE)
CODE = set(texts())


def test_there_are_twenty() -> None:
    assert len(set(MESSAGES)) == 20


@pytest.mark.parametrize("message", MESSAGES)
def test_an_error_of_the_manual_is_one_of_the_code(message: str) -> None:
    assert any(is_of(message, text) for text in CODE), message


def test_a_message_that_no_code_has_is_found_out() -> None:
    assert not any(is_of("no run …: there are no walks in …/", text) for text in CODE)
