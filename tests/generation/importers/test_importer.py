"""What every import does: rows are counted one and all, nothing foreign is replaced, and memory stays flat."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest

from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError, StoreError
from clca.generation.importers.audit import AUDIT, FINDINGS
from clca.generation.importers.context import ImportContext
from clca.generation.importers.importer import import_records
from tests.generation.importers.data_sets import (
    agent,
    catalogue,
    environment,
    imported,
    json_lines,
    paper_scenario,
    rot,
    social_chemistry,
    story,
    table,
    write,
)


def test_each_row_is_taken_rejected_or_a_duplicate(tmp_path: Path) -> None:
    rows = [rot(1), rot(2, rot_bad=1), rot(3, rot_agree="1"), rot(1, breakdown_worker_id=9), rot(4, situation="")]
    done = imported("norms", write(tmp_path / "rot.tsv", social_chemistry(*rows)))
    audit = done.audit
    assert (audit.format, audit.rows, audit.taken, audit.rejected, audit.duplicates) == ("social-chemistry", 5, 2, 2, 1)
    assert [norm.id for norm in done.norms] == ["social-chem-ex-1-0", "social-chem-ex-4-0"]
    assert [(one.field, one.rows, one.first) for one in audit.rejections] == [
        ("rot-bad", 1, f"{tmp_path}/rot.tsv:3"),
        ("rot-agree", 1, f"{tmp_path}/rot.tsv:4"),
    ]
    (duplicate,) = [found for found in done.findings if found["outcome"] == "duplicate"]
    assert (duplicate["line"], duplicate["row"], duplicate["detail"]) == (5, "rot/ex/1/0", f"{tmp_path}/rot.tsv:2")


def test_an_id_of_other_content_is_rejected_and_the_same_words_under_another_id_are_a_duplicate(tmp_path: Path) -> None:
    rows = [rot(1), rot(2, rot_id="rot/ex/1/0"), rot(3, rot="it is KIND to return  lost wallet number 1")]
    done = imported("norms", write(tmp_path / "rot.tsv", social_chemistry(*rows)))
    assert done.faults == [(3, "id", "id of an earlier row with other content")]
    assert (done.audit.taken, done.audit.duplicates) == (1, 1)


def test_duplicates_are_found_across_files(tmp_path: Path) -> None:
    one = write(tmp_path / "one.tsv", social_chemistry(rot(1), rot(2)))
    two = write(tmp_path / "two.tsv", social_chemistry(rot(2), rot(3)))
    done = imported("norms", one, two)
    assert [file.rows for file in done.audit.files] == [2, 2]
    assert [(found["file"], found["line"]) for found in done.findings] == [(str(two), 2)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path, end: str, mark: str) -> None:
    text = table([story(1), story(2)])
    done = imported("norms", write(tmp_path / "normad.csv", mark + text.replace("\n", end)))
    assert [norm.text.partition(" is ")[0] for norm in done.norms] == ["Gift number 1", "Gift number 2"]
    lines = json_lines(paper_scenario(), paper_scenario(setting="A lost hat at a port."))
    assert imported("scenarios", write(tmp_path / "p.jsonl", mark + lines.replace("\n", end))).audit.taken == 2


def test_quotes_tabs_and_line_breaks_inside_fields_are_text(tmp_path: Path) -> None:
    said = 'One says "thanks"\tand\nbows, always.'
    rows = [rot(1, rot=said), rot(2)]
    done = imported("norms", write(tmp_path / "rot.tsv", social_chemistry(*rows)))
    assert done.norms[0].text == 'One says "thanks" and bows, always.'
    bad = [rot(1), rot(2, rot=said), rot(3, rot_bad=1)]  # the second row takes up two lines
    done = imported("norms", write(tmp_path / "more.tsv", social_chemistry(*bad)), out=tmp_path / "more")
    assert done.faults == [(5, "rot-bad", "marked as bad by its writer")]


def test_rows_that_are_no_utf8_or_no_rows_are_rejected_and_the_others_taken(tmp_path: Path) -> None:
    good = social_chemistry(rot(1), rot(2), rot(3)).encode()
    broken = good.replace(b"kind to return lost wallet number 2", b"kind \xff\xfe to return")
    (tmp_path / "rot.tsv").write_bytes(broken + b"only\tthree\tcells\n" + good.splitlines(keepends=True)[-1])
    done = imported("norms", tmp_path / "rot.tsv")
    assert done.faults == [(3, "rot", "not UTF-8"), (5, "", "another number of cells than the header")]
    assert (done.audit.taken, done.audit.duplicates) == (2, 1)
    lines = json_lines(paper_scenario()).encode()
    (tmp_path / "p.jsonl").write_bytes(lines + b'{"culture": "\xff"}\n{"culture": \n[1]\n\n')
    done = imported("scenarios", tmp_path / "p.jsonl")
    assert [(line, reason) for line, _, reason in done.faults] == [
        (2, "not UTF-8"),
        (3, "not JSON"),
        (4, "no JSON object"),
    ]


def test_a_quote_that_is_never_closed_costs_one_row_and_is_named(tmp_path: Path) -> None:
    lines = social_chemistry(rot(1), rot(2)).splitlines(keepends=True)
    rest = [social_chemistry(rot(number)).splitlines(keepends=True)[1] for number in range(3, 2500)]
    text = "".join([lines[0], lines[1], lines[2].replace("It is kind", '"It is kind'), *rest])
    done = imported("norms", write(tmp_path / "rot.tsv", text))
    (finding,) = [found for found in done.findings if found["reason"] == "no row of a table"]
    assert finding["line"] == 3
    assert "up to line " in finding["detail"]
    assert done.audit.taken > 1000


def test_a_row_that_quotes_make_endless_is_refused(tmp_path: Path) -> None:
    lines = social_chemistry(rot(1)).encode().splitlines(keepends=True)
    with (tmp_path / "rot.tsv").open("wb") as file:
        file.writelines([*lines, b'"'])
        file.writelines([b"x" * 60_000 + b'"\t"\n'] * 300)  # each line closes a field, and opens the next
    with pytest.raises(ContentError, match="a row of more than 16 MiB"):
        imported("norms", tmp_path / "rot.tsv")


@pytest.mark.parametrize("value", ["[" * 5000, '{"a":' * 5000, "9" * 5000, "[" + "1," * 200_000 + "1]"])
def test_values_that_stop_parsers_are_rejected_or_refused(tmp_path: Path, value: str) -> None:
    file = write(tmp_path / "p.jsonl", json_lines(paper_scenario()) + value + "\n" + json_lines({"persona": value}))
    with suppress(ClcaError):
        assert imported("scenarios", file).audit.rejected == 2
    profiles = write(tmp_path / "a.jsonl", json_lines({"key": "AgentProfile:1", "value": value}, agent("1"), agent("2"),
                     environment(age_constraint=value)))  # fmt: skip
    with pytest.raises(ClcaError):
        imported("scenarios", profiles)


def test_control_characters_are_no_text(tmp_path: Path) -> None:
    done = imported("norms", write(tmp_path / "rot.tsv", social_chemistry(rot(1), rot(2, rot="a\x1b[31mb is red"))))
    assert done.faults == [(3, "rot", "control characters")]
    assert "\\x1b" in done.findings[0]["detail"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n\n", "is empty"),
        ("rot\trot-id\n".encode("utf-16"), "UTF-16, not UTF-8"),
        (b"REDIS0011\xfa", "it looks like SOTOPIA's .*: clca data import-scenarios"),
        (b"\x1f\x8b\x08\x00", "is compressed: unpack it first"),
        (b"name,age\nAna,3\n", "has no known format of norms"),
        (b'{"agent_goals": []}\n', "it looks like SOTOPIA's .*: clca data import-scenarios"),
        (b"rot\trot-id\trot-id\n", "needs the column 'rot-id', and has it twice"),
        (b"rot\trot-id\tSituation\n", "1: needs the column 'rot-agree', and has it not"),
        (b"Country,Rule-of-Thumb,ID,Gold label\n", "'Gold Label', and has it not; did you mean Gold label"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_with_the_reason(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(ContentError, match=message) as caught:
        imported("norms", tmp_path / "file")
    assert caught.value.message.startswith(str(tmp_path / "file"))
    assert not (tmp_path / "out").exists()


def test_a_header_alone_and_rows_of_which_none_can_be_used_make_no_import(tmp_path: Path) -> None:
    header = social_chemistry(rot(1)).splitlines(keepends=True)[0]
    with pytest.raises(ContentError, match="has no norms"):
        imported("norms", write(tmp_path / "rot.tsv", header))
    text = social_chemistry(rot(1, rot_bad=1), rot(2, rot_bad=1), rot(3, rot_agree="x"))
    with pytest.raises(ContentError, match=r"none of 3 rows can be used; 2 of them: rot-bad: .* \(the first at .*:2\)"):
        imported("norms", write(tmp_path / "rot.tsv", text))
    assert not (tmp_path / "out").exists()


def test_files_are_of_one_format_which_can_be_named(tmp_path: Path) -> None:
    one = write(tmp_path / "rot.tsv", social_chemistry(rot(1)))
    two = write(tmp_path / "normad.csv", table([story(1)]))
    with pytest.raises(
        SettingsError, match=r"rot.tsv is social-chemistry and .*normad.csv is normad: import one format"
    ):
        imported("norms", one, two)
    with pytest.raises(NotFoundError, match="--format sotopia: no such format of norms; there are auto, own, social-"):
        imported("norms", one, format_name="sotopia")
    with pytest.raises(ContentError, match="needs the column 'ID'"):
        imported("norms", one, format_name="normad")
    with pytest.raises(SettingsError, match="is given twice"):
        imported("norms", one, tmp_path / "." / "rot.tsv")
    with pytest.raises(SettingsError, match="does not exist"):
        imported("norms", tmp_path / "none.tsv")
    with pytest.raises(SettingsError, match="is no file"):
        imported("norms", tmp_path)


def test_an_import_replaces_an_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    file, out = write(tmp_path / "rot.tsv", social_chemistry(rot(1), rot(2, rot_bad=1))), tmp_path / "norms"
    assert imported("norms", file, out=out).audit.taken == 1
    write(file, social_chemistry(rot(1), rot(2)))
    assert imported("norms", file, out=out).audit.taken == 2
    assert sorted(path.name for path in out.iterdir()) == [FINDINGS, AUDIT, "norms.jsonl"]
    with pytest.raises(StoreError, match="holds imported norms of social-chemistry: give --out another folder"):
        imported("norms", write(tmp_path / "normad.csv", table([story(1)])), out=out)
    with (out / "norms.jsonl").open("a") as edited:
        edited.write("\n")
    with pytest.raises(StoreError, match=r"norms\.jsonl was changed since it was imported"):
        imported("norms", file, out=out)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match="holds files that no import wrote"):
        imported("norms", file, out=mine)
    assert (mine / "thesis.tex").read_text() == "years of work"


def test_what_it_wrote_is_not_imported_into_its_own_folder(tmp_path: Path) -> None:
    first = imported("norms", write(tmp_path / "rot.tsv", social_chemistry(rot(1)))).folder / "norms.jsonl"
    again = imported("norms", first, out=tmp_path / "again").folder / "norms.jsonl"
    assert again.read_bytes() == first.read_bytes()
    with pytest.raises(StoreError, match="which is to be imported: give --out another folder"):
        imported("norms", again, out=again.parent)
    assert again.read_bytes() == first.read_bytes()


def test_nothing_is_left_of_an_import_that_fails_half_way(tmp_path: Path) -> None:
    text = json_lines({"agent_goals": 1, "scenario": "", "pk": "1"}, environment()) + "x" * (17 * 2**20)
    with pytest.raises(ClcaError, match="a line of more than 16 MiB"):
        imported("scenarios", write(tmp_path / "env.jsonl", text))
    assert [path.name for path in tmp_path.iterdir()] == ["env.jsonl"]


def test_the_licence_and_the_source_stand_in_each_record(tmp_path: Path) -> None:
    file = write(tmp_path / "rot.tsv", social_chemistry(rot(1)))
    (norm,) = imported("norms", file, license="CC-BY-SA-4.0").norms
    assert (norm.license, norm.inspiration) == ("CC-BY-SA-4.0", "Social Chemistry 101, rot/ex/1/0")
    done = imported("norms", file)
    assert (done.norms[0].license, done.audit.licenses) == ("", {"": 1})
    (norm,) = imported("norms", write(tmp_path / "normad.csv", table([story(7)]))).norms
    assert (norm.license, norm.inspiration) == ("CC-BY-4.0", "NormAd, 7")


def test_progress_tells_rows_and_bytes(tmp_path: Path) -> None:
    file = write(tmp_path / "rot.tsv", social_chemistry(*(rot(number) for number in range(4500))))
    told: list[tuple[int, int, int]] = []
    import_records(
        [file], "norms", "auto", ImportContext(catalogue()), lambda name: tmp_path / "out", lambda *at: told.append(at)
    )
    assert [rows for rows, _, _ in told] == [2000, 4000, 4500]
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1:] == (file.stat().st_size, file.stat().st_size)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Besides what pydantic keeps of the texts that it has read: some of them, up to a number of its own."""
    rows = [rot(number, rot_bad=int(number % 7 == 0)) for number in range(6000)]
    file = write(tmp_path / "rot.tsv", social_chemistry(*rows))
    del rows
    held: list[int] = []

    def told(*_: int) -> None:
        snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(False, "*/pydantic/*")])
        held.append(sum(trace.size for trace in snapshot.traces))

    tracemalloc.start()
    try:
        import_records([file], "norms", "auto", ImportContext(catalogue()), lambda name: tmp_path / "out", told)
    finally:
        tracemalloc.stop()
    at_2000, _, at_6000, *_ = held
    assert at_6000 < at_2000 + 20_000, "bytes; the rows between have 660,000"


def test_findings_are_json_whatever_stood_in_the_row(tmp_path: Path) -> None:
    text = json_lines(paper_scenario(), paper_scenario(culture="\ud800\u202e"), paper_scenario(culture={"a": ["b"]}))
    done = imported("scenarios", write(tmp_path / "p.jsonl", text))
    assert [fault[1:] for fault in done.faults] == [("", "not JSON"), ("culture", "no text")]
    assert json.loads((done.folder / FINDINGS).read_text().splitlines()[0])["line"] == 2
