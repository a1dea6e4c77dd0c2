"""Import of test sets: what is read, what is found amiss, what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError, StoreError
from clca.evaluation.offense.imports.audit import SetAudit
from clca.evaluation.offense.imports.importer import AUDIT, StrictImportError
from clca.evaluation.offense.imports.mapping import load_mapping, read_mapping
from clca.evaluation.offense.imports.text import LINE_LIMIT
from clca.evaluation.offense.suite import Scoring
from clca.evaluation.offense.test_sets import MANIFEST, TestSet, open_tests, read_manifest
from tests.evaluation.offense.posts import CULTURES, TASKS, entry, lines, mapping_text, posts, run


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to import from."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def audited(place: Path, out: Path, data: bytes, name: str = "posts.jsonl", **changes: Any) -> SetAudit:
    """The audit of one file with this content."""
    (place / name).write_bytes(data)
    (one,) = run(place, out, entry(name, **changes)).sets
    return one


def only(out: Path) -> TestSet:
    (test,) = open_tests(out, Content())
    return test


def examples(out: Path, scoring: Scoring = "corrected") -> list[tuple[str, str]]:
    return [(one.text, one.gold) for one in only(out).examples(scoring)]


SOUND = [("text 0", "OFF"), ("text 1", "NOT"), ("text 2", "OFF")]


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("name", "data", "changes"),
    [
        ("a.jsonl", lines(posts(3)), {}),
        ("a.jsonl", b"\xef\xbb\xbf" + lines(posts(3)), {}),
        ("a.jsonl", lines(posts(3)).replace(b"\n", b"\r\n"), {}),
        ("a.jsonl", lines(posts(3)).replace(b"\n", b"\n\n").rstrip(), {}),
        ("a.json", json.dumps(posts(3)).encode(), {}),
        ("a.json", json.dumps(posts(3), indent=4).encode(), {}),
        ("a.json", lines(posts(3)), {}),
        ("a.txt", lines(posts(3)), {"format": "jsonl"}),
        ("a.csv", b"label,text\nOFF,text 0\nNOT,text 1\nOFF,text 2\n", {}),
        ("a.csv", b'\xef\xbb\xbf"text","label"\r\n"text 0","OFF"\r\n\r\ntext 1,NOT\r\ntext 2, OFF ', {}),
        ("a.tsv", b"id\ttext\tlabel\n1\ttext 0\tOFF\n2\ttext 1\tNOT\n3\ttext 2\tOFF\n", {}),
        ("a.jsonl", lines(posts(3)).decode().encode("utf-16"), {"encoding": "utf-16"}),
        ("a.jsonl", lines(posts(3)).replace(b"OFF", b"bad"), {"labels": {"bad": "OFF"}}),
    ],
)  # fmt: skip
def test_a_file_is_read_as_its_name_or_the_mapping_says(
    place: Path, out: Path, name: str, data: bytes, changes: dict[str, Any]
) -> None:
    assert audited(place, out, data, name, **changes).rows == 3
    assert examples(out) == examples(out, "paper") == SOUND


def test_records_end_at_line_feeds_only(place: Path, out: Path) -> None:
    texts = ["a\u2028b", "a\u2029b", "a\x85b", "a\x0bb", "a\x0cb", "a\x1eb", "plain"]
    data = lines({"text": text, "label": "OFF"} for text in texts)
    one = audited(place, out, data)
    assert (one.rows, one.breaks, one.malformed) == (7, 3, 0), "JSON escapes the other three"
    assert len(data.decode().splitlines()) == 7 + 3
    assert "3 that str.splitlines() would cut" in one.findings
    assert [text for text, _ in examples(out)] == texts
    array = json.dumps([{"text": text, "label": "OFF"} for text in texts], ensure_ascii=False, indent=1)
    assert audited(place, out, array.replace("\n", "\r\n").encode(), "posts.json").breaks == 3
    cells = "text,label\n" + "".join(f"{text},OFF\n" for text in texts)
    assert audited(place, out, cells.encode(), "posts.csv").breaks == 6
    assert [text for text, _ in examples(out)] == texts


@pytest.mark.parametrize(("name", "mark"), [("posts.csv", ","), ("posts.tsv", "\t")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_carriage_return_in_a_cell_without_quotation_marks_is_kept(
    place: Path, out: Path, name: str, mark: str, end: str
) -> None:
    rows = [("text", "label"), ("a\rb", "OFF"), ("\rplain", "NOT")]
    one = audited(place, out, "".join(f"{text}{mark}{label}{end}" for text, label in rows).encode(), name)
    assert (one.rows, one.breaks, one.malformed) == (2, 2, 0)
    assert examples(out) == [("a\rb", "OFF"), ("\rplain", "NOT")]


def test_quoted_cells_may_hold_line_breaks_commas_and_quotation_marks(place: Path, out: Path) -> None:
    audited(place, out, b'text,label\n"one, two\nthree ""four""",OFF\nplain,NOT\n', "posts.csv")
    assert examples(out) == [('one, two\nthree "four"', "OFF"), ("plain", "NOT")]


def test_tab_separated_cells_are_not_quoted_unless_the_mapping_says_so(place: Path, out: Path) -> None:
    data = b'text\tlabel\n"Oh well\tOFF\n'
    audited(place, out, data, "posts.tsv")
    assert examples(out) == [('"Oh well', "OFF")]
    one = audited(place, out, data + b'"a\tb"\tNOT\n', "posts.tsv", quotes=False)
    assert (one.rows, one.first_malformed) == (1, ("3: 3 cells, the header has 2",))


def test_other_encodings_are_read_where_the_mapping_names_them(place: Path, out: Path) -> None:
    data = lines([{"text": "güzel şey, ılık", "label": "NOT"}]).decode().encode("cp1254")
    audited(place, out, data, encoding="cp1254")
    assert examples(out) == [("güzel şey, ılık", "NOT")]


def test_a_pattern_that_fits_one_file_is_its_path(place: Path, out: Path) -> None:
    (place / "deep").mkdir()
    (place / "deep" / "part [1].jsonl").write_bytes(lines(posts(2)))
    assert run(place, out, entry("*/part*.jsonl")).sets[0].source == "deep/part [1].jsonl"
    assert run(place, out, entry("deep/part [1].jsonl")).sets[0].rows == 2


def test_paths_may_be_within_a_folder_of_the_distribution(place: Path, out: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "posts.jsonl").write_bytes(lines(posts(2)))
    assert run(place, out, entry(), within="data").sets[0].source == "data/posts.jsonl"
    assert run(place / "data", out, entry(), within="data").sets[0].source == "posts.jsonl"


# ---------------------------------------------------------------- golds


def test_the_paper_keeps_every_gold_and_the_whole_label_list(place: Path, out: Path) -> None:
    rows = [{"text": str(n), "label": gold} for n, gold in enumerate(["ind", "non", "", "grp", "odd", None, "non"])]
    one = audited(place, out, lines(rows), type="offensive_detect_finegrained", corrected={"ind": "indv"})
    assert examples(out) == [("0", "indv"), ("1", "non"), ("3", "grp"), ("6", "non")]
    assert [gold for _, gold in examples(out, "paper")] == ["ind", "non", "", "grp", "odd", "", "non"]
    test = only(out)
    assert (test.count("paper"), test.count("corrected"), test.rows) == (7, 4, 7)
    assert (one.empty_gold, one.outside, one.absent) == (2, {"odd": 1}, ("prof", "oth"))
    assert one.findings == (
        "2 without a gold label",
        "1 with a label outside the list ('odd' 1)",
        "gold corrected: ind to indv",
        "no gold is prof, oth: an F1 of 0 in the macro average",
    )
    assert test.notes == one.findings


def test_labels_that_are_only_spelt_otherwise_are_so_in_both_scorings(place: Path, out: Path) -> None:
    rows = [{"text": "a", "label": "rude"}, {"text": "b", "label": "fine"}]
    one = audited(place, out, lines(rows), labels={"rude": "OFF", "fine": "NOT"})
    assert examples(out) == examples(out, "paper") == [("a", "OFF"), ("b", "NOT")]
    assert one.labels == {"rude": 1, "fine": 1}
    assert one.findings == ()
    stored = json.loads((out / "japan" / "posts.jsonl").read_text().split("\n")[0])
    assert stored == {"id": "1", "text": "a", "label": "OFF", "source_label": "rude"}


def test_classes_that_the_question_turns_round_are_compared_with_its_answers(place: Path, out: Path) -> None:
    rows = [{"text": str(n), "label": n} for n in (0, 1, 2)]
    turned = {"0": "1", "1": "0", "2": "0"}
    audited(place, out, lines(rows), type="hate_offens_detect", corrected=turned)
    assert [gold for _, gold in examples(out)] == ["1", "0", "0"]
    assert [gold for _, gold in examples(out, "paper")] == ["0", "1", "2"]


# ---------------------------------------------------------------- what is amiss


def test_nothing_is_amiss_in_a_sound_set(place: Path, out: Path) -> None:
    (place / "posts.jsonl").write_bytes(lines(posts()))
    audit = run(place, out, entry(), strict=True)
    assert (audit.finding_count, audit.sets[0].labels) == (0, {"OFF": 3, "NOT": 3})
    assert json.loads((out / AUDIT).read_text()) == audit.model_dump(mode="json")


def test_a_single_class_is_told(place: Path, out: Path) -> None:
    one = audited(place, out, lines([{"text": str(n), "label": "NOT"} for n in range(4)]))
    assert one.findings == ("a single class (NOT): left out of corrected means",)
    one = audited(place, out, lines(posts(4, label="offensive")))
    assert one.findings[-1] == "no text with a gold of the label list: asked with --scoring paper only"


def test_repeated_texts_are_told_apart_by_their_gold(place: Path, out: Path) -> None:
    rows = [("a", "OFF"), ("a", "OFF"), ("a", "NOT"), ("b", "NOT"), ("A", "OFF"), ("", "OFF"), (" ", "OFF")]
    one = audited(place, out, lines({"text": text, "label": label} for text, label in rows))
    assert (one.repeated, one.repeated_other_gold, one.empty_texts) == (1, 1, 2)
    assert "1 repeating an earlier text with another gold" in one.findings
    assert "2 without a text" in one.findings
    assert len(examples(out)) == 5


def test_texts_in_common_are_found_across_sets_and_cultures(place: Path, out: Path) -> None:
    files = {"a": "OFF", "b": "NOT", "c": "OFF", "d": "1"}
    for name, label in files.items():
        other = "NOT" if label != "1" else "0"
        rows = [{"text": "same", "label": label}, {"text": name, "label": other}]
        (place / f"{name}.jsonl").write_bytes(lines(rows))
    cultures = {"a": "japan", "b": "japan", "c": "greece", "d": "greece"}
    types = {name: "threat_detect" if name == "d" else "offensive_detect" for name in files}
    audit = run(
        place, out, *(entry(f"{name}.jsonl", culture=cultures[name], task=name, type=types[name]) for name in files)
    )
    found = {(one.first, one.second): (one.texts, one.other_gold) for one in audit.shared}
    assert found == {
        ("japan/a", "japan/b"): (1, 1),
        ("japan/b", "greece/c"): (1, 1),
        ("japan/a", "greece/c"): (1, 0),
        ("japan/a", "greece/d"): (1, 0),
        ("japan/b", "greece/d"): (1, 0),
        ("greece/c", "greece/d"): (1, 0),
    }
    assert audit.shared[0].other_gold == 1


def test_malformed_lines_are_counted_and_the_first_three_shown(place: Path, out: Path) -> None:
    bad = [b"nonsense", b"[1]", b'{"text": "x"}', b'{"text": [1], "label": "OFF"}', b'{"text": "x", "label": [2]}']
    one = audited(place, out, lines(posts(2)) + b"\n".join(bad) + b"\n")
    assert (one.rows, one.malformed, len(one.first_malformed)) == (2, 5, 3)
    assert one.first_malformed == (
        "3: not JSON: Expecting value",
        "4: no JSON object (format: json is for one array): [1]",
        "5: no field 'label' (it has text)",
    )
    assert "5 malformed, left out" in one.findings


def test_a_gigantic_line_or_text_is_left_out(place: Path, out: Path) -> None:
    rows = lines([*posts(2), {"text": "x" * 100_001, "label": "OFF"}, {"text": "y" * 100_000, "label": "OFF"}])
    huge = b'{"text": "' + b"z" * LINE_LIMIT + b'", "label": "OFF"}\n'
    one = audited(place, out, huge + rows)
    assert (one.imported, one.long_texts, one.malformed) == (3, 1, 1)
    assert one.first_malformed == (f"1: the line is longer than {LINE_LIMIT:,} characters",)
    assert len(examples(out)[-1][0]) == 100_000


def test_cells_that_do_not_fit_the_header_are_malformed(place: Path, out: Path) -> None:
    one = audited(place, out, b'text,label\na,OFF\nb\nc,NOT,x\n"d"e,OFF\nf,NOT\n"g\nh"i,OFF\n', "posts.csv")
    assert examples(out) == [("a", "OFF"), ("f", "NOT")]
    assert one.first_malformed[:2] == ("3: 1 cells, the header has 2", "4: 3 cells, the header has 2")
    assert one.first_malformed[2] == "5: not CSV: ',' expected after '\"'"
    assert one.malformed == 4
    one = audited(place, out, b'text,label\na,OFF\n"g\nh"i,OFF\nf,NOT\n', "posts.csv")
    assert one.first_malformed == ("3: not CSV: ',' expected after '\"' (lines 3 to 4)",)


def test_files_that_are_missing_or_not_named_are_listed(place: Path, out: Path) -> None:
    for name in ("posts.jsonl", "other.csv", "notes.md"):
        (place / name).write_bytes(lines(posts(2)))
    audit = run(place, out, entry(), entry("gone.jsonl", task="gone"))
    assert (audit.missing, audit.unnamed, audit.finding_count) == (("gone.jsonl",), ("other.csv",), 2)


# ---------------------------------------------------------------- what is refused


def refused(error: type[ClcaError], message: str, place: Path, out: Path, *entries: Any, **options: Any) -> None:
    """One line, and nothing written."""
    with pytest.raises(error) as caught:
        run(place, out, *(entries or (entry(),)), **options)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert sorted(path.name for path in out.parent.iterdir()) == ["in"]


def test_strict_imports_nothing_where_something_is_amiss(place: Path, out: Path) -> None:
    (place / "posts.jsonl").write_bytes(lines(posts(2, label="OFF")))
    refused(StrictImportError, "1 finding in the test sets, so nothing is imported (--strict)", place, out, strict=True)
    with pytest.raises(StrictImportError) as caught:
        run(place, out, entry(), strict=True)
    assert caught.value.exit_code == 2
    assert caught.value.audit.sets[0].absent == ("NOT",)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("posts.jsonl", b"", "posts.jsonl: is empty"),
        ("posts.jsonl", b"\n\n", "posts.jsonl: is empty"),
        ("posts.json", b"[]", "posts.json: is empty"),
        ("posts.csv", b"text,label\n", "posts.csv: is empty"),
        ("posts.jsonl", b"[1]\n2\n", "has no readable record; line 1: no JSON object (format: json is for"),
        ("posts.jsonl", b'{"txt": "a", "label": "OFF"}\n', "line 1: no field 'text'; did you mean txt? (it has"),
        ("posts.csv", b"txt,label\na,OFF\n", "posts.csv:1: no field 'text'; did you mean txt? (it has txt, label)"),
        ("posts.csv", b"text,label,text\na,OFF,b\n", "posts.csv:1: duplicate column 'text': leave one of them"),
        ("posts.json", b'"text"', 'posts.json: is no JSON array, which begins with "["'),
        ("posts.json", b'[{"text": "a", "label": "OFF"},\n{"te', "posts.json:2: not JSON: the array is cut off"),
        ("posts.jsonl", b'{"text": "caf\xe9", "label": "OFF"}\n', "posts.jsonl: byte 13 is not UTF-8: save the file"),
        ("posts.jsonl", lines(posts(4000)) + b"\xff", "is not UTF-8: save the file as UTF-8, or name its"),
        ("posts.jsonl", b'{"text": "\xc3', "posts.jsonl: byte 10 is not UTF-8"),
        ("posts.jsonl", b"\x89PNG\0\0", "posts.jsonl: is a binary file, not text: byte 4 is 0"),
        ("posts.jsonl", "[]".encode("utf-16"), "posts.jsonl: is UTF-16: say so in the mapping (`encoding: utf-16`)"),
        ("posts.jsonl", b"\x1f\x8b\x08\0", "posts.jsonl: is compressed: unpack it first"),
        ("posts.csv", b"text,label\ra,OFF\r", 'posts.csv: ends its lines with "\\r" alone: save the file with'),
        ("posts.csv", b'text,label\na,OFF\n"g,OFF\nh,OFF\n', "posts.csv:3: a quotation mark is not closed: close"),
        ("posts.csv", b'text,label\n"' + b"long\n" * (LINE_LIMIT // 4), "posts.csv:2: a quotation mark is not closed"),
        ("posts.csv", b"text,label\n" + b"x" * (LINE_LIMIT + 1), "posts.csv:2: the line is longer than 4,194,304"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused(place: Path, out: Path, name: str, data: bytes, message: str) -> None:
    (place / name).write_bytes(data)
    refused(ContentError, message, place, out, entry(name))


def test_the_byte_that_is_of_another_encoding_is_named_however_far_into_the_file(place: Path, out: Path) -> None:
    data = lines({"text": "é" * 37, "label": "OFF"} for _ in range(5000))
    (place / "posts.jsonl").write_bytes(data + b"\xff")
    refused(ContentError, f"posts.jsonl: byte {len(data):,} is not UTF-8", place, out)


def test_folders_and_unreadable_files_are_refused(place: Path, out: Path) -> None:
    (place / "posts.jsonl").mkdir()
    refused(ContentError, "posts.jsonl: is a folder: the mapping needs a file", place, out)
    (place / "posts.jsonl").rmdir()
    os.mkfifo(place / "posts.jsonl")
    refused(ContentError, "posts.jsonl: is not a regular file", place, out)
    (place / "posts.jsonl").unlink()
    (place / "posts.jsonl").symlink_to("nowhere")
    refused(ContentError, "posts.jsonl: is not a regular file", place, out)
    (place / "posts.jsonl").unlink()
    (place / "posts.jsonl").symlink_to("/proc/self/mem")
    refused(ContentError, "posts.jsonl: cannot be read: it is a link that leads out of", place, out)


def test_links_that_go_in_circles_are_no_files(place: Path, out: Path) -> None:
    (place / "a.jsonl").symlink_to("b.jsonl")
    (place / "b.jsonl").symlink_to("a.jsonl")
    refused(ContentError, "a.jsonl: is not a regular file", place, out, entry("a.jsonl"))
    (place / "posts.jsonl").write_bytes(lines(posts()))
    with pytest.raises(StoreError, match="cannot write"):
        run(place, place / "a.jsonl" / "out", entry())
    assert run(place, out, entry()).finding_count == 0


def test_a_folder_without_any_of_the_files_is_refused(place: Path, out: Path) -> None:
    refused(NotFoundError, "has none of the 1 files that mapping.yaml names, such as posts.jsonl", place, out)
    (place / "a.jsonl").touch()
    (place / "b.jsonl").touch()
    refused(
        SettingsError,
        "path '?.jsonl' of the mapping matches 2 files (a.jsonl, b.jsonl...)",
        place,
        out,
        entry("?.jsonl"),
    )


def test_a_place_that_is_no_folder_is_refused(place: Path, out: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere does not exist"):
        run(place / "nowhere", out, entry())
    (place / "file").touch()
    with pytest.raises(SettingsError, match="file is a file: give the folder with the files"):
        run(place / "file", out, entry())
    with pytest.raises(StoreError, match="file is a file: --out takes a folder"):
        run(place, place / "file", entry())


def test_a_folder_that_holds_its_own_import_is_imported_again(place: Path) -> None:
    (place / "posts.jsonl").write_bytes(lines(posts()))
    for _ in range(2):
        assert run(place, place / "data" / "offense", entry(), within="data").finding_count == 0


def test_numbers_and_truth_values_are_labels_as_json_writes_them(place: Path, out: Path) -> None:
    rows = [{"text": str(n), "label": label} for n, label in enumerate((True, False, 1, 1.0))]
    spelt = {"true": "OFF", "false": "NOT", "1": "OFF"}
    audited(place, out, lines(rows), labels=spelt)
    assert [gold for _, gold in examples(out)] == ["OFF", "NOT", "OFF", "OFF"]


def test_what_follows_an_array_is_malformed_and_all_of_the_file_is_digested(place: Path, out: Path) -> None:
    data = json.dumps(posts(3)).encode() + b" x" + b" " * 100_000
    one = audited(place, out, data, "posts.json")
    assert one.first_malformed == ("1: after the end of the array: 'x'",)
    assert read_manifest(out).sets[0].source_sha256 == hashlib.sha256(data).hexdigest()


def test_a_link_to_a_folder_stays_one(place: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "posts.jsonl").write_bytes(lines(posts()))
    out.mkdir()
    link = out.parent / "link"
    link.symlink_to("out")
    monkeypatch.chdir(place)
    for _ in range(2):
        run(place, Path("deep/../../link"), entry())
    assert link.is_symlink()
    assert len(open_tests(out, Content())) == 1
    assert sorted(path.name for path in out.parent.iterdir()) == ["in", "link", "out"]


def test_a_folder_of_other_things_is_never_replaced(place: Path, out: Path) -> None:
    (place / "posts.jsonl").write_bytes(lines(posts()))
    out.mkdir()
    (out / "thesis.tex").touch()
    with pytest.raises(StoreError, match="out holds files that no import wrote: give --out a new folder"):
        run(place, out, entry())
    (out / "thesis.tex").rename(place / "thesis.tex")
    run(place, out, entry())
    (out / "in").mkdir()
    with pytest.raises(StoreError, match=r"holds .*in, which is to be imported"):
        run(out / "in", out, entry())
    assert (place / "thesis.tex").is_file()


def test_an_import_replaces_an_earlier_one_only_when_it_is_complete(place: Path, out: Path) -> None:
    (place / "posts.jsonl").write_bytes(lines(posts(4)))
    (place / "more.jsonl").write_bytes(b"\xff")
    run(place, out, entry())
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(ContentError):
        run(place, out, entry(task="new"), entry("more.jsonl", task="more"))
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    (place / "more.jsonl").write_bytes(lines(posts(2)))
    run(place, out, entry("more.jsonl", task="more"))
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.json*")) == [
        AUDIT,
        "japan/more.jsonl",
        MANIFEST,
    ]
    assert sorted(path.name for path in out.parent.iterdir()) == ["in", "out"]


# ---------------------------------------------------------------- mappings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"culture": "jpan"}, r"files\.0\.culture: no culture 'jpan'; did you mean japan\?"),
        ({"type": "offensiv_detect"}, r"files\.0\.type: no task type 'offensiv_detect'; did you mean offensive_detect"),
        ({"type": "x"}, r"files\.0\.type: no task type 'x' \(eval/offense/tasks\.yaml has all\)"),
        ({"labels": {"a": "OFFF"}}, r"files\.0\.labels: 'OFFF' is no label of offensive_detect; there are OFF, NOT"),
        ({"corrected": {"a": "2"}}, r"files\.0\.corrected: '2' is no label of offensive_detect; there are OFF, NOT"),
        ({"colour": "red"}, r"files\.0\.colour: unknown key$"),
        ({"culture": "JPN"}, r"files\.0\.culture: no culture 'JPN'; did you mean japan\?$"),
        ({"labels": {"rude": False}}, r"files\.0\.labels: false is not text in YAML: put labels such as .* in quotes$"),
        ({"labels": {1: "OFF"}}, r"files\.0\.labels: 1 is not text in YAML"),
        ({"text": None}, r"files\.0\.text: Input should be a valid string"),
        ({"path": "../up.jsonl"}, r"'\.\./up\.jsonl' has to be below the folder that is imported"),
        ({"path": "/etc/passwd"}, r"has to be below the folder"),
        ({"encoding": "utf-9"}, r"no encoding 'utf-9'"),
        ({"encoding": "base64"}, r"'base64' is not a text encoding"),
        ({"format": "xlsx"}, r"files\.0\.format: Input should be 'jsonl', 'json', 'csv' or 'tsv'"),
        ({"task": "a/b"}, r"files\.0\.task: "),
    ],
)
def test_a_fault_in_a_mapping_is_named_with_its_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ContentError, match=rf"my\.yaml:\d+: .*{message}"):
        read_mapping("my.yaml", mapping_text(entry(**changes)), TASKS, CULTURES)


def test_the_folder_of_a_distribution_is_below_the_imported_one() -> None:
    with pytest.raises(ContentError, match="within: '/etc' has to be below the folder that is imported"):
        read_mapping("my.yaml", mapping_text(entry("passwd"), within="/etc"), TASKS, CULTURES)
    with pytest.raises(ContentError, match=r"my\.yaml:1: files: names no file"):
        read_mapping("my.yaml", mapping_text(), TASKS, CULTURES)


def test_a_task_stands_once_in_a_culture() -> None:
    text = mapping_text(entry("a.jsonl"), entry("b.jsonl"))
    with pytest.raises(ContentError, match=r"duplicate japan/posts"):
        read_mapping("my.yaml", text, TASKS, CULTURES)
    with pytest.raises(ContentError, match=r"files"):
        read_mapping("my.yaml", "files: []", TASKS, CULTURES)


def test_a_mapping_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--mapping .* is a folder: give a YAML file"):
        load_mapping(Content(), tmp_path, TASKS, CULTURES)
    with pytest.raises(SettingsError, match=r"none\.yaml cannot be read: No such file"):
        load_mapping(Content(), tmp_path / "none.yaml", TASKS, CULTURES)
    (tmp_path / "my.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ContentError, match=r"my\.yaml: UTF-16, not UTF-8"):
        load_mapping(Content(), tmp_path / "my.yaml", TASKS, CULTURES)


def test_the_shipped_mapping_names_the_sixty_public_files() -> None:
    from clca.culture import CultureCatalogue

    content = Content()
    mapping = load_mapping(content, None, TASKS, CultureCatalogue(content).ids())
    assert len({one.path for one in mapping.files}) == 60
    assert {one.culture for one in mapping.files} == set(TASKS.cultures)
    assert {one.path.partition("/")[0] for one in mapping.files} == {one.folder for one in TASKS.cultures.values()}
    (ind,) = (one for one in mapping.files if one.type == "offensive_detect_finegrained")
    assert ind.corrected == {"ind": "indv"}


# ---------------------------------------------------------------- size


def test_twenty_thousand_texts_stream_through_in_flat_memory(place: Path, out: Path) -> None:
    def write(count: int) -> None:
        with (place / "posts.jsonl").open("wb") as file:
            for start in range(0, count, 1000):
                texts = (f"{n} {'word ' * 60}" for n in range(start, start + 1000))
                file.write(lines({"text": text, "label": ("OFF", "NOT")[len(text) % 2]} for text in texts))

    def peaks() -> tuple[int, int]:
        tracemalloc.start()
        run(place, out, entry())
        imported = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        base = tracemalloc.get_traced_memory()[0]
        test = only(out)
        count = sum(1 for _ in test.examples("corrected"))
        read = tracemalloc.get_traced_memory()[1] - base
        tracemalloc.stop()
        assert count == test.rows
        return imported, read

    write(2000)
    small = peaks()
    write(20_000)
    large = peaks()
    size = (place / "posts.jsonl").stat().st_size
    assert size > 5 << 20
    assert large[1] < small[1] + (1 << 20)
    assert large[0] < small[0] + 20_000 * 160  # eight bytes of digest a text, in a dict
