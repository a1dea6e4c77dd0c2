from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from clca.report import stored_svg
from clca.report.sections import pictures
from clca.report.stored_svg import read_svg, shapes

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def test_doctests() -> None:
    assert doctest.testmod(stored_svg).failed == doctest.testmod(pictures).failed == 0


@pytest.mark.parametrize(
    ("within", "left"),
    [
        ("<script>alert(1)</script>", ""),
        ('<foreignObject><iframe src="http://a/"/></foreignObject>', ""),
        ('<path d="M0 0" onclick="alert(1)"/>', '<path d="M0 0"/>'),
        ('<use xlink:href="http://a/b.svg#c"/>', ""),
        ('<image xlink:href="http://a/b.png"/>', ""),
        ('<image href="data:image/svg+xml;base64,AAAA"/>', ""),
        ('<image href="data:image/png;base64,AAAA"/>', '<image href="data:image/png;base64,AAAA"/>'),
        ('<rect fill="url(http://a/b)"/>', "<rect/>"),
        ('<rect fill="url(#b)"/>', '<rect fill="url(#m-b)"/>'),
        ('<g id="a"><use href="#b"/></g><use href="#a"/>', '<g id="m-a"/><use href="#m-a"/>'),
        ("<text>a &lt;b&gt; <tspan>\u202ec</tspan>d</text>", "<text>a &lt;b&gt; <tspan>\\u202ec</tspan>d</text>"),
        ("<style>*{fill:url(http://a)}</style><animate href='#a'/><set/><a href='javascript:1'>x</a>", ""),
    ],
)
def test_nothing_is_left_but_shapes_texts_and_images_of_its_own(within: str, left: str) -> None:
    made = shapes(f"{HEAD}>{within}</svg>".encode(), "m-", "A map")
    assert made.removeprefix('<svg role="img" aria-label="A map"') == (f">{left}</svg>" if left else "/>")


@pytest.mark.parametrize(
    "svg",
    [
        "no svg",
        '<svg xmlns="http://www.w3.org/2000/svg">',
        "<html/>",
        f"{HEAD}>{'<g>' * 60}{'</g>' * 60}</svg>",
        f"{HEAD}>&lol;</svg>",
    ],
)
def test_what_is_no_sound_svg_is_refused(svg: str) -> None:
    with pytest.raises(ValueError, match=r"SVG|deep"):
        shapes(svg.encode(), "m-", "A map")


def test_a_file_with_entities_or_outside_the_folder_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>' + f"{HEAD}><text>&b;</text></svg>"
    for encoding in ("utf-8", "utf-16"):
        (tmp_path / "bomb.svg").write_text(bomb, encoding=encoding)
        with pytest.raises(ValueError, match="no sound SVG"):
            read_svg(tmp_path / "bomb.svg", tmp_path, "a bomb")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "map.svg").symlink_to(tmp_path / "bomb.svg")
    with pytest.raises(OSError, match="link that leads out"):
        read_svg(tmp_path / "folder" / "map.svg", tmp_path / "folder", "a map")


def test_a_picture_has_the_words_given_and_ids_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "map.svg").write_text(
        f'<?xml version="1.0"?>{HEAD}><path id="a" style="fill: none"/><use xlink:href="#a"/></svg>'
    )
    made = read_svg(tmp_path / "map.svg", tmp_path, 'a "map"')
    assert 'role="img" aria-label="a &quot;map&quot;"' in made
    assert 'fill="none"' in made
    (name,) = {part.partition('"')[0] for part in made.split('id="')[1:]}
    assert f'href="#{name}"' in made
    assert name != "a"
