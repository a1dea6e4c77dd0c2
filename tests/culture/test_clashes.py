"""Names by which two cultures could be meant are faults of the content."""

from __future__ import annotations

import re

import pytest

from clca.content.lookup import Content
from clca.content_check import check
from clca.culture.clashes import check_names
from clca.training.sources.normad import NAMES
from tests.conftest import Overlay

GERMANY = "personas/cultures/germany.yaml"


def changed(overlay: Overlay, old: str, new: str) -> Content:
    """The content with another profile of Germany."""
    text = Content().text(GERMANY)
    assert re.search(old, text, re.MULTILINE)
    return overlay({GERMANY: re.sub(old, new, text, count=1, flags=re.MULTILINE)})


def test_no_two_cultures_of_the_content_share_a_name(content: Content) -> None:
    assert check_names(content, NAMES) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            r"^aliases: .*",
            "aliases: [Nippon]",
            r"japan\.yaml:\d+: aliases: 'nippon' is a name of germany, too",
        ),
        (
            r"^aliases: .*",
            "aliases: [south-korea]",
            r"germany\.yaml:\d+: aliases: 'south-korea' is the id of a c",
        ),
        (r"^iso2: .*", "iso2: JP", r"japan\.yaml:\d+: iso2: 'JP' is a name of germany, too"),
        (r"^iso3: .*", "iso3: JPN", r"japan\.yaml:\d+: iso3: 'JPN' is a name of germany, too"),
        (r"^name: .*", "name: Japan", r"germany\.yaml:\d+: name: 'Japan' is the id of a culture, too"),
        (r"^aliases: .*", "aliases: [England]", r"uk\.yaml:\d+: aliases: 'england' is a name of germany, too"),
        (r"^aliases: .*", "aliases: [united states]", r"usa\.yaml.*'[Uu]nited.[Ss]tates.*' is a name of germany, too"),
    ],
)
def test_a_name_that_two_cultures_have_is_named_with_its_line(
    overlay: Overlay, old: str, new: str, message: str
) -> None:
    errors = check_names(changed(overlay, old, new), NAMES)
    assert any(re.search(message, error.message) for error in errors), [error.message for error in errors]


def test_the_content_check_reports_clashes(overlay: Overlay) -> None:
    messages = [error.message for error in check(changed(overlay, r"^iso2: .*", "iso2: JP"))]
    assert any("iso2: 'JP' is a name of germany, too" in message for message in messages)
