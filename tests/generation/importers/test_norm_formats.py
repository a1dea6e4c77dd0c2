"""Norms of Social Chemistry 101, NormAd, the Cultural Atlas, and of our own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clca.errors import ContentError, NotFoundError, SettingsError
from clca.generation.importers.context import slug_id
from tests.generation.importers.data_sets import imported, json_lines, rot, social_chemistry, story, table, write

# ---------------------------------------------------------------- Social Chemistry 101


def test_a_rule_of_thumb_is_a_norm_in_its_situation(tmp_path: Path) -> None:
    rows = [
        rot(1, characters="narrator|my boyfriend"),
        rot(2, characters="narrator|a friend|my boss"),
        rot(3, characters=""),
    ]
    done = imported("norms", write(tmp_path / "rot.tsv", social_chemistry(*rows)))
    assert done.norms[0].model_dump(exclude_defaults=True) == {
        "id": "social-chem-ex-1-0",
        "scope": ("usa",),
        "text": "It is kind to return lost wallet number 1.",
        "situation": "finding wallet number 1",
        "relationship": "partner",
        "inspiration": "Social Chemistry 101, rot/ex/1/0",
    }
    assert [norm.relationship for norm in done.norms] == ["partner", "", ""]
    assert done.audit.derived == {
        "scope: not said, usa taken": 3,
        "relationship: left open": 2,
        "relationship: by the characters": 1,
    }


def test_the_user_says_where_its_norms_hold(tmp_path: Path) -> None:
    file = write(tmp_path / "rot.tsv", social_chemistry(rot(1)))
    done = imported("norms", file, cultures=["USA", "britain"])
    assert done.norms[0].scope == ("usa", "uk")
    assert "scope: not said, usa taken" not in done.audit.derived
    assert imported("norms", file, cultures=["general"]).norms[0].is_general
    with pytest.raises(NotFoundError, match="unknown culture 'narnia'"):
        imported("norms", file, cultures=["narnia"])
    with pytest.raises(SettingsError, match="--culture general stands alone"):
        imported("norms", file, cultures=["general", "uk"])


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"rot_categorization": "advice|description"}, "rot-categorization", "not about social-norms"),
        ({"rot_bad": 1}, "rot-bad", "marked as bad by its writer"),
        ({"rot_agree": "2.0"}, "rot-agree", "below 3: fewer than three in four would agree"),
        ({"rot_agree": "nan"}, "rot-agree", "below 3: fewer than three in four would agree"),
        ({"rot_agree": ""}, "rot-agree", "missing"),
        ({"rot_agree": "most"}, "rot-agree", "no number"),
        ({"rot": "  "}, "rot", "empty"),
        ({"rot": "Long. " * 80}, "rot", "longer than 400 characters"),
        ({"situation": "x" * 401}, "situation", "longer than 400 characters"),
        ({"rot_id": ""}, "rot-id", "missing"),
    ],
)
def test_a_rule_that_is_no_norm_is_rejected(tmp_path: Path, changes: dict[str, Any], field: str, reason: str) -> None:
    done = imported("norms", write(tmp_path / "rot.tsv", social_chemistry(rot(1), rot(2, **changes))))
    assert done.faults == [(3, field, reason)]


def test_ids_are_told_apart_where_letters_had_to_go() -> None:
    assert slug_id("normad", "17", 75) == "normad-17"
    one, two = slug_id("normad", "規則1", 75), slug_id("normad", "規範1", 75)
    assert one != two
    assert one.startswith("normad-1-")
    long = [slug_id("s", f"{'x' * 90}{end}", 75) for end in "ab"]
    assert len(set(long)) == 2
    assert {len(name) for name in long} == {75}


# ---------------------------------------------------------------- NormAd


def test_a_rule_of_normad_is_a_norm_of_its_country_without_the_story(tmp_path: Path) -> None:
    rows = [
        {**story(1), "Country": "united_kingdom", "Gold Label": "Yes"},
        {**story(2), "Country": "Japan", "Subaxis": ""},
        {**story(3), "Country": "south_korea"},
    ]
    done = imported("norms", write(tmp_path / "normad.csv", table(rows)))
    assert [norm.scope for norm in done.norms] == [("uk",), ("japan",), ("south_korea",)]
    assert [norm.situation for norm in done.norms] == ["gift giving", "", "gift giving"]
    assert "Ana" not in (done.folder / "norms.jsonl").read_text()
    assert {(norm.place, norm.relationship, norm.breach, norm.explain, norm.remedy) for norm in done.norms} == {
        ("",) * 5
    }


def test_columns_of_normad_are_found_by_name(tmp_path: Path) -> None:
    rows = [dict(reversed(list({**story(number), "Other Country": "", "Norm": ""}.items()))) for number in (1, 2)]
    assert imported("norms", write(tmp_path / "normad.csv", table(rows))).audit.taken == 2


def test_neutral_rows_unknown_countries_and_repeated_rules_of_normad(tmp_path: Path) -> None:
    rows = [
        story(1),
        {**story(2), "Gold Label": "neutral"},
        {**story(3), "Country": "exampleland"},
        {**story(1), "ID": "4", "Gold Label": "yes"},
        {**story(5), "Gold Label": "maybe"},
    ]
    done = imported("norms", write(tmp_path / "normad.csv", table(rows)))
    assert [fault[1:] for fault in done.faults] == [
        ("Gold Label", "neutral: the story is not about the norm"),
        ("Country", "no culture of that name (clca cultures list)"),
        ("Gold Label", "none of yes, no and neutral"),
    ]
    assert [found["line"] for found in done.findings] == [4, 6, 8, 10]  # each background takes two lines
    assert done.audit.duplicates == 1
    assert done.audit.note.startswith("clca eval-normad asks about these norms")


# ---------------------------------------------------------------- the Cultural Atlas

PAGE: dict[str, Any] = {
    "country": "Japan",
    "axis": "Etiquette",
    "content": {"Visiting": ["Bring a small gift.", "Take off your shoes at the door."], "Basics": "Be polite."},
    "url": "https://example.org/japan",
}
HTML = """<!DOCTYPE html>
<html><head><title>Japanese Culture - Etiquette</title>
<link rel="canonical" href="https://example.org/japanese-culture/etiquette">
<script>var x = "<li>no item of a page</li>";</script></head>
<body><ul><li>Home is in the menu</li></ul><h1>Japanese Culture</h1>
<div class="body text-content wide"><div>
<h3>Visiting &amp; Gifts</h3>
<ul>
<li>Bring a <b>small</b> gift.</li>
<li><p>Take off your shoes</p> at the door.
<li>Be on time &ndash; always.</li>
<li>Harmony</li>
</ul>
<p>Most people are polite.</p></div></div>
<div class="footer"><ul><li>Contact us by letter</li></ul></div></body></html>
"""


def test_the_items_of_a_page_are_norms_by_heading(tmp_path: Path) -> None:
    done = imported("norms", write(tmp_path / "japan.json", json.dumps(PAGE, indent=1)))
    assert [(norm.text, norm.situation, norm.scope) for norm in done.norms] == [
        ("Bring a small gift.", "Visiting", ("japan",)),
        ("Take off your shoes at the door.", "Visiting", ("japan",)),
    ]
    assert done.norms[0].inspiration == "Cultural Atlas, Japan, Etiquette, Visiting, https://example.org/japan"
    assert [(field, reason) for _, field, reason in done.faults] == [("item", "running text, no item of a list")]


@pytest.mark.parametrize("form", ["lines", "list"])
def test_pages_may_stand_in_lines_or_in_a_list(tmp_path: Path, form: str) -> None:
    pages = [PAGE, {**PAGE, "country": "Mexico"}, {**PAGE, "country": "Narnia"}, {"country": "Japan", "content": []}]
    text = json_lines(*pages) if form == "lines" else json.dumps(pages, indent=2)
    done = imported("norms", write(tmp_path / "pages.json", text))
    assert done.audit.cultures == {"japan": 2, "mexico": 2}
    assert [fault[1] for fault in done.faults].count("country") == 2
    lines = [fault[0] for fault in done.faults if fault[1] == "content"]
    assert lines == [4 if form == "lines" else text[: text.rindex("{")].count("\n") + 1]


def test_a_saved_page_of_html(tmp_path: Path) -> None:
    done = imported("norms", write(tmp_path / "page.html", HTML))
    assert [norm.text for norm in done.norms] == [
        "Bring a small gift.",
        "Take off your shoes at the door.",
        "Be on time – always.",
    ]
    assert {(norm.scope, norm.situation) for norm in done.norms} == {(("japan",), "Visiting & Gifts")}
    assert done.norms[0].inspiration.endswith("Visiting & Gifts, https://example.org/japanese-culture/etiquette")
    assert done.faults == [(12, "item", "fewer than 3 words"), (14, "item", "running text, no item of a list")]
    assert "menu" not in (done.folder / "norms.jsonl").read_text()


def test_a_page_that_names_no_culture_needs_one(tmp_path: Path) -> None:
    page = write(tmp_path / "page.html", HTML.replace("Japanese", "Contact us about our").replace("japanese", "x"))
    with pytest.raises(ContentError, match="country: the page names no known culture: say with --culture"):
        imported("norms", page)
    done = imported("norms", page, cultures=["mexico"])
    assert {norm.scope for norm in done.norms} == {("mexico",)}
    assert done.audit.derived == {"scope: not said by the page, that of --culture taken": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html><body><p>Nothing here</p></body></html>", "no lists or paragraphs in a div of the class text-content"),
        ('{"country": "Japan", "content": {', "not JSON"),
    ],
)
def test_a_page_without_content_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ContentError, match=message):
        imported("norms", write(tmp_path / "page", text), format_name="culture-atlas")


# ---------------------------------------------------------------- our own


def norm(name: str, **changes: Any) -> dict[str, Any]:
    return {"id": name, "scope": "japan", "text": f"Rule {name} is kept.", "inspiration": "own observation", **changes}


def test_our_own_norms_are_checked_line_by_line(tmp_path: Path) -> None:
    lines = [
        norm("a", place="shop", license="CC0-1.0"),
        norm("b", place="moon"),
        norm("c", scope="narnia"),
        norm("d", relationship="rival"),
        norm("e", colour="red"),
        norm("F"),
        {"id": "g", "scope": "japan", "text": "No source."},
        norm("h", scope="general", not_in=["iraq"]),
        norm("i", not_in=["iraq"]),
    ]
    done = imported("norms", write(tmp_path / "mine.jsonl", json_lines(*lines)), license="CC-BY-4.0")
    assert [(norm.id, norm.license) for norm in done.norms] == [("a", "CC0-1.0"), ("h", "CC-BY-4.0")]
    assert [(line, field) for line, field, _ in done.faults] == [
        (2, "place"),
        (3, "scope"),
        (4, "relationship"),
        (5, ""),
        (6, "id"),
        (7, "inspiration"),
        (9, ""),
    ]
