from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from clca.content.lookup import Content
from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError, StoreError
from clca.evaluation.wvs.microdata.audit import SurveyAudit
from clca.evaluation.wvs.microdata.codebook import BLANK, UNKNOWN, Codebook, load_codebook
from clca.evaluation.wvs.microdata.importer import import_survey
from clca.evaluation.wvs.microdata.respondents import FILE, open_respondents
from clca.records import Respondent
from tests.evaluation.wvs import survey_files as survey
from tests.evaluation.wvs.survey_files import (
    FIELDS,
    ITEMS,
    Person,
    demographics,
    official,
    people,
    values,
    zipped,
)

SMALL = official(people({"JPN": 4, "AND": 2, "GBR": 3}))


@pytest.fixture(scope="session")
def codebook(content: Content) -> Codebook:
    return load_codebook(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


def written(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    return path


def everyone(folder: Path) -> list[Respondent]:
    imported = open_respondents(folder)
    return list(imported.respondents(imported.countries))


def expected(person: Person, culture: str) -> Respondent:
    """Someone as the importer should know them, worked out from the cells."""
    return Respondent(
        id=person["D_INTERVIEW"],
        country=culture,
        demographics={field: int(person[field]) for field in FIELDS if int(person[field]) >= 0},
        answers={item: int(person[item]) - 1 for item in ITEMS if int(person[item]) > 0},
        weight=float(person["W_WEIGHT"]),
    )


# ---------------------------------------------------------------- what comes out


def test_the_official_file_gives_each_respondent_as_their_cells_say(
    codebook: Codebook, tmp_path: Path, folder: Path
) -> None:
    rows = people({"JPN": 30, "GBR": 20, "AND": 7})
    audit = import_survey([written(tmp_path, "wave7.csv", official(rows))], codebook, folder)
    found = {one.id: one for one in everyone(folder)}
    cultures = {"JPN": "japan", "GBR": "uk"}
    assert found == {
        row["D_INTERVIEW"]: expected(row, cultures[row["B_COUNTRY_ALPHA"]])
        for row in rows
        if row["B_COUNTRY_ALPHA"] != "AND"
    }
    assert audit.left_out == {"AND": 7}
    assert audit.respondents == 50
    assert audit.absent == {"items": (), "fields": ()}
    for culture, count in (("uk", 20), ("japan", 30)):
        assert [one.country for one in open_respondents(folder).respondents([culture])] == [culture] * count


def test_the_order_of_files_and_lines_changes_nothing(codebook: Codebook, tmp_path: Path) -> None:
    rows = people({"DEU": 12, "MEX": 9})
    shuffled = random.Random(1).sample(rows, len(rows))
    sources = [demographics(shuffled), values(rows)]
    one = [written(tmp_path, f"a{number}.tsv", data) for number, data in enumerate(sources)]
    two = [
        written(tmp_path, f"b{number}.tsv", data) for number, data in enumerate([values(shuffled), demographics(rows)])
    ]
    import_survey(one, codebook, tmp_path / "one")
    import_survey(two, codebook, tmp_path / "two")
    assert everyone(tmp_path / "one") == everyone(tmp_path / "two")
    again = import_survey(one, codebook, tmp_path / "again")
    assert (tmp_path / "again" / FILE).read_bytes() == (tmp_path / "one" / FILE).read_bytes()
    assert [source.rows for source in again.sources] == [21, 21]


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, str]]:
    counts = draw(st.dictionaries(st.sampled_from(list(survey.COUNTRIES)), st.integers(1, 3), max_size=4))
    rows = people({"TUR": 1, **counts}, seed=draw(st.integers(0, 2**32)))
    for row in rows:
        for name in draw(st.lists(st.sampled_from([*FIELDS, *ITEMS]), max_size=6)):
            row[name] = str(draw(st.sampled_from([-5, -4, -2, -1])))
    rows[0]["Q1"] = "1"  # somebody answered something
    return draw(st.permutations(rows))


@given(rows=tables(), data=st.data())
def test_any_respondents_are_the_same_out_of_either_layout(
    codebook: Codebook,
    content: Content,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Person],
    data: st.DataObject,
) -> None:
    place = tmp_path_factory.mktemp("layouts")
    written_as = official(
        rows,
        delimiter=data.draw(st.sampled_from([",", ";", "\t"])),
        end=data.draw(st.sampled_from(["\n", "\r\n"])),
        bom=data.draw(st.booleans()),
    )
    packed = data.draw(st.booleans())
    first = written(place, "a.csv", zipped(written_as) if packed else written_as)
    labels = codebook.fields if data.draw(st.booleans()) else None
    tsv = [written(place, "d.tsv", demographics(rows, labels)), written(place, "v.tsv", values(rows))]
    if data.draw(st.booleans()):
        tsv.reverse()
    one = import_survey([first], codebook, place / "one")
    two = import_survey(tsv, codebook, place / "two")

    def known(folder: Path) -> list[Respondent]:
        return [person.model_copy(update={"weight": 1.0}) for person in everyone(folder)]

    assert known(place / "one") == known(place / "two")
    assert {name: found.respondents for name, found in one.countries.items()} == {
        name: found.respondents for name, found in two.countries.items()
    }
    assert sum(one.left_out.values()) == sum(two.left_out.values()) == len(rows) - one.respondents


def test_slices_of_items_and_countries_go_together(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"JPN": 5, "CHN": 4})
    japan, china = rows[:5], rows[5:]
    id_and_place = ["D_INTERVIEW", "B_COUNTRY"]
    files = [
        written(tmp_path, "japan-1.csv", official(japan, [*id_and_place, "Q1", "Q2"])),
        written(tmp_path, "japan-2.csv", official(japan, ["D_INTERVIEW", "Q45", "Q260"])),
        written(tmp_path, "china.csv.gz", zipped(official(china, [*id_and_place, "Q2", "Q3"]))),
    ]
    audit = import_survey(files, codebook, folder)
    by_id = {one.id: one for one in everyone(folder)}
    assert by_id[japan[0]["D_INTERVIEW"]].answers.keys() <= {"Q1", "Q2", "Q45"}
    for row in rows:
        person = by_id[row["D_INTERVIEW"]]
        assert all(int(row[item]) == option + 1 for item, option in person.answers.items())
    assert list(audit.countries["japan"].items) == ["Q1", "Q2", "Q45"]
    assert list(audit.countries["china"].items) == ["Q2", "Q3"]
    assert list(audit.countries["japan"].fields) == ["Q260"]
    assert audit.countries["china"].fields == {}
    assert audit.countries["japan"].weighted == 0
    assert len(audit.absent["items"]) == 40


def test_answers_alone_are_placed_by_the_interview_number(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"BGD": 3, "JPN": 2, "VNM": 4})
    audit = import_survey([written(tmp_path, "full_value_qa.tsv", values(rows))], codebook, folder)
    assert {name: found.respondents for name, found in audit.countries.items()} == {"bangladesh": 3, "japan": 2}
    assert audit.left_out == {"704": 4}
    assert "interview numbers" in audit.notes[0]
    assert all(person.demographics == {} for person in everyone(folder))


def test_people_whom_only_one_table_knows_are_counted(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"JPN": 10, "AND": 6})
    files = [
        written(tmp_path, "d.tsv", demographics(rows[2:])),
        written(tmp_path, "v.tsv", values(rows[:7] + rows[10:])),
    ]
    audit = import_survey(files, codebook, folder)
    assert audit.respondents == 5
    assert audit.unmatched == {"answers without a country": 2, "demographics without answers": 3}
    assert audit.left_out == {"Andorra": 6}


# ---------------------------------------------------------------- what is said of it


def test_missing_answers_are_counted_by_code(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"JPN": 4})
    for row, cell in zip(rows, ("-1", "-1", "", "3"), strict=True):
        row["Q1"] = cell
    audit = import_survey([written(tmp_path, "a.csv", official(rows))], codebook, folder)
    item = audit.countries["japan"].items["Q1"]
    assert (item.answered, item.missing, item.share_missing) == (1, {"-1": 2, "blank": 1}, 0.75)


def test_a_country_that_was_asked_on_three_points_is_named(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"BRA": 150, "JPN": 150})
    for number, row in enumerate(rows[:150]):
        row["Q33"] = str(2 + number % 3)
    for row in rows[150:]:
        row["Q36"] = "-4"
    audit = import_survey([written(tmp_path, "a.csv", official(rows))], codebook, folder)
    assert audit.countries["brazil"].items["Q33"].unused == (1, 5)
    assert audit.countries["japan"].items["Q33"].unused == ()
    assert audit.notes == (
        "nobody chose codes 1, 5 (asked on three points) of brazil: Q33",
        "japan has no answer to Q36",
    )


def test_scales_that_are_turned_round_are_seen(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    shares = codebook.shares["japan"]
    chance = random.Random(7)
    rows = people({"JPN": 600})
    for row in rows:
        for item, options in ITEMS.items():
            row[item] = str(chance.choices(range(1, options + 1), shares[item])[0])
        row["Q1"] = str(5 - int(row["Q1"]))
    audit = import_survey([written(tmp_path, "a.csv", official(rows))], codebook, folder)
    far = [note for note in audit.notes if "published shares" in note]
    assert far == [
        "japan: answers to Q1 are far from the published shares (more than 10 points of total variation):"
        " a part of the sample, or scales turned round?"
    ]
    assert audit.countries["japan"].items["Q1"].distance(tuple(reversed(shares["Q1"]))) < 0.05


def test_large_households_count_as_the_last_code(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"JPN": 3})
    for row, size in zip(rows, ("7", "12", "2"), strict=True):
        row["Q270"] = size
    audit = import_survey([written(tmp_path, "a.csv", official(rows))], codebook, folder)
    assert [person.demographics["Q270"] for person in everyone(folder)] == [7, 7, 2]
    assert audit.countries["japan"].fields["Q270"].capped == 1
    assert audit.notes == ("Q270: 1 numbers above the last code count as it",)


def test_weights_may_have_decimal_commas_or_be_empty(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"JPN": 3})
    for row, weight in zip(rows, ("0,25", "", "3.5"), strict=True):
        row["W_WEIGHT"] = weight
    audit = import_survey([written(tmp_path, "a.csv", official(rows, delimiter=";"))], codebook, folder)
    assert [person.weight for person in everyone(folder)] == [0.25, 1.0, 3.5]
    assert audit.countries["japan"].weighted == 2


def test_neither_import_nor_reading_loads_pandas(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    file = written(tmp_path, "a.csv", official(people({"JPN": 3})))
    program = (
        "import sys; from pathlib import Path; from clca.content.lookup import Content\n"
        "from clca.evaluation.wvs.microdata.codebook import load_codebook\n"
        "from clca.evaluation.wvs.microdata.importer import import_survey\n"
        "from clca.evaluation.wvs.microdata.respondents import open_respondents\n"
        "import_survey([Path(sys.argv[1])], load_codebook(Content()), Path(sys.argv[2]))\n"
        "print(len(list(open_respondents(Path(sys.argv[2])).respondents(['japan']))), 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, file, folder], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "False"]


def test_the_file_holds_where_it_is_from(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    data = zipped(official(people({"JPN": 2})))
    audit = import_survey([written(tmp_path, "a.csv.gz", data)], codebook, folder)
    assert audit.sources[0].sha256 == hashlib.sha256(data).hexdigest()
    assert open_respondents(folder).audit == audit
    schema = parquet.read_schema(folder / FILE)
    assert schema.names[:3] == ["id", "country", "weight"]
    assert {str(schema.field(name).type) for name in (*FIELDS, *ITEMS)} == {"int8"}


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2", 2),
        (" 2 ", 2),
        ("2.0", 2),
        ("+2", 2),
        ("-1", -1),
        ("-5.0", -5),
        ("", BLANK),
        ("nan", BLANK),
        ("NA", BLANK),
        ("5", UNKNOWN),
        ("0", UNKNOWN),
        ("2.5", UNKNOWN),
        ("1e0", UNKNOWN),
        ("yes", UNKNOWN),
        ("99999", UNKNOWN),
        ("-121", UNKNOWN),
    ],
)
def test_an_answer_is_a_code_of_its_scale_or_missing(codebook: Codebook, text: str, code: int) -> None:
    assert codebook.item("Q1", text) == code


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("Q260", "Female", 2),
        ("Q260", "female", 2),
        ("Q260", "No answer", -2),
        ("Q260", "Missing; Not available; AU: Other", -5),
        ("H_URBRURAL", "Rural", 2),
        ("H_SETTLEMENT", "Another city, town (not a regional or district center)", 4),
        ("Q270", "89.- 7 persons or more", 7),
        ("Q270", "3", 3),
        ("Q275", "0", 0),
        ("Q275", "Master or equivalent (ISCED 7)", 7),
        ("Q279", "Retired/pensioned", 4),
        ("Q281", "Clerical (for example: secretary, clerk, office manager, civil servant, bookkeeper", 3),
        ("Q281", "JP,KG,TJ: Other", 11),
        ("Q281", "11.0", 11),
        ("Q263", "I am an immigrant to this country (born outside this country)", 2),
        ("X003R", "65 and over", 6),
        ("X003R", "66 and over", UNKNOWN),
        ("X003R", "7", UNKNOWN),
    ],
)
def test_a_persona_field_is_a_code_or_the_survey_s_label(codebook: Codebook, field: str, text: str, code: int) -> None:
    assert codebook.field(field, text) == code


@pytest.mark.parametrize("text", ["392", "392.0", "JPN", "jpn", "Japan", " japan ", "JP"])
def test_a_country_is_known_by_code_and_name(codebook: Codebook, text: str) -> None:
    found = codebook.country(text)
    assert found is not None
    assert found.id == "japan"


def test_every_country_of_the_survey_files_is_known_by_its_code_and_name(codebook: Codebook) -> None:
    known = {alpha: codebook.country(alpha) for alpha in survey.COUNTRIES}
    assert sum(place is not None for place in known.values()) == 14
    for alpha, (code, name) in survey.COUNTRIES.items():
        assert codebook.country(str(code)) == codebook.country(name) == known[alpha]


# ---------------------------------------------------------------- what is refused


def fault(files: list[Path], codebook: Codebook, folder: Path) -> str:
    """The one line that a user is told; nothing is written."""
    with pytest.raises(ClcaError) as caught:
        import_survey(files, codebook, folder)
    assert "\n" not in caught.value.message
    assert not folder.exists()
    return caught.value.message


def changed(row: int, column: str, cell: str) -> list[dict[str, str]]:
    rows = people({"JPN": 5})
    rows[row][column] = cell
    return rows


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (official([]), "has a header and no respondents"),
        (b"PK\x03\x04rest", "is a zip archive or a spreadsheet: unpack it, or export it, and give the CSV"),
        (
            official(people({"JPN": 2})).decode().encode("utf-16"),
            "a.csv: UTF-16, not UTF-8: save it as UTF-8",
        ),
        (b"D_INTERVIEW,B_COUNTRY,Q1,\xc4ge\n1,392,1,2\n", "a.csv:1: is not UTF-8 text: save it as a CSV in UTF-8"),
        (b"D_INTERVIEW,B_COUNTRY,Q1\n1,392,1\n2,392,\xe9\n", "a.csv:3: is not UTF-8 here: save the file as UTF-8"),
        (b"D_INTERVIEW|B_COUNTRY|Q1\n1|392|1\n", "its columns seem to be separated by '|'"),
        (b"D_INTERVIEW B_COUNTRY Q1\n1 392 1\n", "its columns seem to be separated by spaces"),
        (
            b"D_INTERVEIW,B_COUNTRY,Q1\n1,392,1\n",
            "no column D_INTERVIEW, the respondent's number; is it D_INTERVEIW?",
        ),
        (b"id,country,q\n1,392,1\n", "no column D_INTERVIEW, the respondent's number (its 3 columns begin with: id,"),
        (b"D_INTERVIEW,B_COUNTRY,Q46\n1,392,1\n", "no answers: no column Q1 to Q45"),
        (
            b"D_INTERVIEW,W_WEIGHT,Q1\n392070001,1,1\n",
            "no column B_COUNTRY or B_COUNTRY_ALPHA, the respondent's country",
        ),
        (b"D_INTERVIEW,Q1\n17,1\n", "no column B_COUNTRY or B_COUNTRY_ALPHA, and the numbers do not begin with"),
        (b"D_INTERVIEW,B_COUNTRY,Q1,Q1\n1,392,1,2\n", "a.csv:1: duplicate column Q1: leave one of them"),
        (b"D_INTERVIEW,B_COUNTRY,Q1\n1,999,1\n2,FRA,1\n", "has no respondents of ARG, BGD,"),
        (b"D_INTERVIEW,B_COUNTRY,Q1\n,392,1\n", "a.csv:2: D_INTERVIEW is empty: each respondent needs a number"),
        (
            official(changed(3, "Q4", "7")),
            "a.csv:5: Q4 is '7', not a code of its scale (1 to 4; below 0 is missing): correct the file",
        ),
        (official(changed(0, "Q7", "0")), "a.csv:2: Q7 is '0', not a code of its scale (1 to 2; below 0 is missing)"),
        (
            official(changed(1, "Q260", "man")),
            "a.csv:3: Q260 is 'man', not a code of its scale (1 to 2 or their labels",
        ),
        (official(changed(2, "W_WEIGHT", "-1")), "a.csv:4: W_WEIGHT is '-1': a weight is a number from 0 up, or empty"),
        (official(changed(2, "W_WEIGHT", "nan")), "a.csv:4: W_WEIGHT is 'nan': a weight is a number from 0 up"),
        (
            official(changed(4, "D_INTERVIEW", "392070002")),
            "a.csv:6: respondent 392070002 is here and in line 3: leave one line for each respondent",
        ),
        (
            official([*people({"JPN": 9}), *people({"JPN": 4})]),
            "a.csv:11: respondent 392070001 is here and in line 2 (and 3 more duplicates): leave one",
        ),
        (
            b'D_INTERVIEW,B_COUNTRY,Q1\n1,392,1\n2,"392,1\n3,392,1\n',
            "a.csv:3: a quotation mark is not closed here",
        ),
        (
            b'D_INTERVIEW,B_COUNTRY,Q1,Q46\n1,392,1,2\n2,392,1,"2\n3,392,1,2\n4,392,1,2',
            "a.csv:3: a quotation mark is not closed here, so that the lines below are",
        ),
        (
            b'D_INTERVIEW,B_COUNTRY,N_TOWN,Q1\n1,392,"A,1\n2,392,B,1\n3,392,"C,1\n4,392,D,1\n',
            "a.csv:2: a quotation mark is not closed here, so that the lines below are",
        ),
        (b"D_INTERVIEW,B_COUNTRY,Q1\n1,392,1\n2,392\n3,392,1\n", "a.csv:3: has 2 fields, the header 3: each line"),
        (b"D_INTERVIEW,B_COUNTRY,Q1\n1,392,1\n2,392,1,9\n", "a.csv:3: has 4 fields, the header 3: each line needs"),
        (official(people({"JPN": 9}))[:-150], "a.csv:10: the file is cut off: its last line has "),
        (zipped(official(people({"JPN": 900})))[:-20], "the gzipped file is cut off or damaged"),
        (zipped(official(people({"JPN": 900})))[:9], "the gzipped file is cut off or damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(
    codebook: Codebook, tmp_path: Path, folder: Path, data: bytes, message: str
) -> None:
    assert message in fault([written(tmp_path, "a.csv", data)], codebook, folder)


@given(data=st.data())
def test_a_damaged_file_is_read_or_told_in_one_line(
    codebook: Codebook, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(data.draw(st.sampled_from([SMALL, zipped(SMALL), SMALL.replace(b",", b";")])))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        length = data.draw(st.integers(0, 3))
        damaged[place : place + length] = data.draw(
            st.sampled_from([b'"', b"\n", b"\r", b",", b"\0", b"\xff", b"9", b""])
        )
    place_of_work = tmp_path_factory.mktemp("damaged")
    file = written(place_of_work, "a.csv", bytes(damaged))
    folder = place_of_work / "out"
    try:
        found = import_survey([file], codebook, folder).respondents
    except ClcaError as error:
        found, said = 0, error.message
    else:
        said = ""
    assert len(said.splitlines()) <= 1
    assert folder.exists() == (found > 0)
    assert found == 0 or len(everyone(folder)) == found


def test_the_line_of_a_fault_is_right_below_line_breaks_in_cells(
    codebook: Codebook, tmp_path: Path, folder: Path
) -> None:
    data = b'D_INTERVIEW,B_COUNTRY,N_TOWN,Q1\n\n1,392,"two\nlines",1\n\n2,392,x,8\n3,392,x,8\n'
    message = fault([written(tmp_path, "a.csv", data)], codebook, folder)
    assert "a.csv:6: Q1 is '8'" in message
    assert "(and 1 more unknown code)" in message


def test_bytes_that_are_not_utf_8_do_no_harm_where_they_are_not_read(
    codebook: Codebook, tmp_path: Path, folder: Path
) -> None:
    data = b"D_INTERVIEW,B_COUNTRY,N_TOWN,Q1\n1,276,M\xfcnchen,1\n"
    assert import_survey([written(tmp_path, "a.csv", data)], codebook, folder).respondents == 1


def test_a_number_that_other_countries_repeat_does_no_harm(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"JPN": 2, "URY": 3})
    rows[3]["D_INTERVIEW"] = rows[4]["D_INTERVIEW"] = "858069901"  # as in the official file
    audit = import_survey([written(tmp_path, "a.csv", official(rows))], codebook, folder)
    assert (audit.respondents, audit.left_out) == (2, {"URY": 3})


def test_codes_of_other_countries_are_their_own(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"JPN": 2, "VNM": 1})
    rows[2]["Q1"] = "9"
    assert import_survey([written(tmp_path, "a.csv", official(rows))], codebook, folder).respondents == 2
    tables = [written(tmp_path, "d.tsv", demographics(rows)), written(tmp_path, "v.tsv", values(rows))]
    assert import_survey(tables, codebook, folder).respondents == 2


def test_demographics_alone_hold_no_answers(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    message = fault([written(tmp_path, "full_demographic_qa.tsv", demographics(people({"JPN": 2})))], codebook, folder)
    assert "no answers: no column Q1 to Q45; WorldValuesBench has them in full_value_qa.tsv" in message


def test_what_two_files_say_alike_counts_once(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"JPN": 4})
    names = ["D_INTERVIEW", "B_COUNTRY", "Q260"]
    files = [
        written(tmp_path, "a.csv", official(rows, [*names, "Q1"])),
        written(tmp_path, "b.csv", official(rows[1:], [*names, "Q2"])),
    ]
    audit = import_survey(files, codebook, folder)
    assert (audit.respondents, audit.countries["japan"].fields["Q260"].known) == (
        4,
        sum(int(row["Q260"]) > 0 for row in rows),
    )


def test_cells_that_differ_between_files_are_refused(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows, others = people({"JPN": 4}), people({"JPN": 4})
    rows[2]["Q1"], others[2]["Q1"], others[3]["Q1"] = "1", "2", rows[3]["Q1"]
    files = [written(tmp_path, "a.csv", official(rows)), written(tmp_path, "b.csv", official(others[2:]))]
    assert fault(files, codebook, folder) == (
        f"{files[1]}:2: Q1 of respondent 392070003 is '2' here, and '1' in line 4 of {files[0]}:"
        " leave out one of the two"
    )


def test_an_empty_cell_gives_way_to_what_another_file_says(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    files = [
        written(tmp_path, "a.csv", b"D_INTERVIEW,B_COUNTRY,W_WEIGHT,Q1\n1,392,0.5,\n2,392,,2\n3,392,,1\n"),
        written(tmp_path, "b.csv", b"D_INTERVIEW,B_COUNTRY,W_WEIGHT,Q1\n1,392,,1\n2,392,2,\n3,392,,\n"),
    ]
    for order in (files, files[::-1]):
        import_survey(order, codebook, folder)
        found = {one.id: (one.weight, one.answers) for one in everyone(folder)}
        assert found == {"1": (0.5, {"Q1": 0}), "2": (2.0, {"Q1": 1}), "3": (1.0, {"Q1": 0})}


def test_weights_that_differ_between_files_are_refused(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    files = [
        written(tmp_path, "a.csv", b"D_INTERVIEW,B_COUNTRY,W_WEIGHT,Q1\n1,392,0.5,1\n2,392,0.33333,1\n"),
        written(tmp_path, "b.csv", b"D_INTERVIEW,B_COUNTRY,W_WEIGHT,Q2\n2,392,0.333333,1\n1,392,0.75,1\n"),
    ]
    assert "b.csv:3: W_WEIGHT of respondent 1 is '0.75' here, and '0.5' in line 2 of " in fault(files, codebook, folder)


def test_files_that_do_not_agree_on_a_country_are_refused(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    files = [
        written(tmp_path, "a.csv", b"D_INTERVIEW,B_COUNTRY,Q1\n1,392,1\n"),
        written(tmp_path, "b.csv", b"D_INTERVIEW,B_COUNTRY,Q2\n1,276,1\n"),
    ]
    assert "the country of respondent 1 is 392 here, and another in another file" in fault(files, codebook, folder)


def test_tables_that_share_nobody_are_refused(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    rows = people({"JPN": 4})
    files = [written(tmp_path, "d.tsv", demographics(rows[:2])), written(tmp_path, "v.tsv", values(rows[2:]))]
    assert "there are: none with answers" in fault(files, codebook, folder)


def test_a_path_that_is_no_file_is_told(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    assert "is a folder: name the CSV or TSV files in it" in fault([tmp_path], codebook, folder)
    assert "cannot be read: No such file or directory" in fault([tmp_path / "none.csv"], codebook, folder)
    os.mkfifo(tmp_path / "pipe")
    assert "is not a regular file" in fault([tmp_path / "pipe"], codebook, folder)
    file = written(tmp_path, "a.csv", official(people({"JPN": 2})))
    with pytest.raises(SettingsError, match="is named twice"):
        import_survey([file, tmp_path / "." / "a.csv"], codebook, folder)


def test_what_was_imported_before_stays_where_an_import_fails(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    import_survey([written(tmp_path, "a.csv", official(people({"JPN": 2})))], codebook, folder)
    before = (folder / FILE).read_bytes()
    with pytest.raises(ContentError):
        import_survey([written(tmp_path, "a.csv", official(changed(0, "Q1", "9")))], codebook, folder)
    assert (folder / FILE).read_bytes() == before
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_a_place_that_cannot_be_written_is_told(codebook: Codebook, tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", official(people({"JPN": 2})))
    with pytest.raises(StoreError, match=r"a\.csv is a file: --out takes a folder"):
        import_survey([file], codebook, file)
    with pytest.raises(StoreError, match=r"cannot write .*/respondents\.parquet: Not a directory"):
        import_survey([file], codebook, file / "below")


# ---------------------------------------------------------------- reading back


def test_respondents_of_a_country_that_is_not_there_are_told(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    import_survey([written(tmp_path, "a.csv", official(people({"JPN": 2, "GBR": 1})))], codebook, folder)
    with pytest.raises(NotFoundError, match="has no respondents of china, iraq; there are japan, uk"):
        list(open_respondents(folder).respondents(["japan", "china", "iraq"]))


def test_a_file_that_is_no_import_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no respondents at .* `clca data import-wvs"):
        open_respondents(tmp_path)
    for data in (b"", b"PAR1 nonsense"):
        with pytest.raises(StoreError, match="or is damaged"):
            open_respondents(written(tmp_path, FILE, data))


def test_an_audit_reads_back_as_it_was(codebook: Codebook, tmp_path: Path, folder: Path) -> None:
    audit = import_survey([written(tmp_path, "a.csv", official(people({"JPN": 2})))], codebook, folder)
    assert SurveyAudit.model_validate_json(audit.model_dump_json()) == audit
