from __future__ import annotations

from pathlib import Path

import pytest

from clca.errors import ClcaError
from clca.evaluation.classification.aggregate import score
from clca.evaluation.score_matrix import MatrixFile, matrix_text, read_matrix
from tests.evaluation.classification.answers import scored

SQUARE = "adapter,ara,deu\nara,0.5,0.25\ndeu,0.125,1\n"

MANY = "".join([f"adapter,{','.join(f'c{i}' for i in range(101))}\n", *(f"c{i}{',1' * 101}\n" for i in range(101))])


def read(folder: Path, content: str | bytes) -> MatrixFile:
    file = folder / "m.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_matrix(file)


def test_rows_are_adapters_and_columns_tests(tmp_path: Path) -> None:
    one = read(tmp_path, SQUARE)
    assert (one.cultures, one.values) == (("ara", "deu"), ((0.5, 0.25), (0.125, 1.0)))
    assert one.set_aside == ()
    assert one.remarks == ("No interval: a matrix holds no texts to draw again. `clca eval-cspec RUN` gives one.",)


@pytest.mark.parametrize(
    "content",
    [
        SQUARE.replace(",", ";"),
        SQUARE.replace(",", "\t"),
        SQUARE.replace("\n", "\r\n"),
        "\ufeff" + SQUARE,
        "\n\n" + SQUARE.replace("\n", "\n\n"),
        SQUARE.replace(",", " , "),
        ',"ara","deu"\n"ara","0.5","0.25"\n"deu","0.125","1"',
        "adapter,ara,deu\ndeu,0.125,1\nara,0.5,0.25\n",
    ],
    ids=["semicolons", "tabs", "CRLF", "BOM", "blank lines", "spaces", "quotes", "rows in another order"],
)
def test_the_same_matrix_however_it_is_written(tmp_path: Path, content: str) -> None:
    one = read(tmp_path, content)
    assert (one.cultures, one.values) == (("ara", "deu"), ((0.5, 0.25), (0.125, 1.0)))


def test_what_is_no_culture_is_set_aside_and_named(tmp_path: Path) -> None:
    one = read(
        tmp_path,
        "x,ara,deu,Avg.\nbase,.1,.2,\nzero-shot,.1,.2,.3\nara,.5,.25,.4\nCombined,.1,.2,.3\ndeu,.125,1,.5\naverage,1,1,1\n",
    )
    assert (one.cultures, one.values) == (("ara", "deu"), ((0.5, 0.25), (0.125, 1.0)))
    assert one.set_aside == ("base", "zero-shot", "Combined", "average", "Avg.")
    assert one.remarks[0] == "Set aside, being no culture's: base, zero-shot, Combined, average, Avg."


def test_percentages_are_taken_as_such_and_said_so(tmp_path: Path) -> None:
    one = read(tmp_path, "adapter,ara,deu\nara,50,25\ndeu,12.5,100\n")
    assert one.values == ((0.5, 0.25), (0.125, 1.0))
    assert one.remarks[0] == "Taken as percentages, since the highest is 100 (deu, deu)."


def test_columns_of_two_scales_are_doubted(tmp_path: Path) -> None:
    (first, *_) = read(tmp_path, "adapter,x,y\nx,0.9,50\ny,0.4,80\n").remarks
    assert first.endswith("So are those of x, though none there is above 1: look whether that is so.")


def test_a_share_that_is_a_rounding_above_1_makes_no_percentages(tmp_path: Path) -> None:
    assert read(tmp_path, "adapter,ara,deu\nara,0.5,0.25\ndeu,0.125,1.0000001\n").values == ((0.5, 0.25), (0.125, 1.0))


def test_cultures_that_lack_a_row_a_column_or_scores_are_set_aside_as_of_an_evaluation(tmp_path: Path) -> None:
    one = read(tmp_path, "x,usa,ara,uk,deu\nbase,.1,.2,,.3\nara,.1,.5,,.25\nuk,.1,.2,,.3\nkor,1,1,,1\ndeu,.1,.125,,1\n")
    assert (one.cultures, one.values) == (("ara", "deu"), ((0.5, 0.25), (0.125, 1.0)))
    assert one.set_aside == ("base", "uk", "kor", "usa")
    assert one.remarks[:4] == (
        "Set aside, being no culture's: base.",
        "Set aside, tests without a row of their own adapter: usa.",
        "Set aside, adapters without a column of their own tests: kor.",
        "Set aside, without any score: uk.",
    )


def test_a_single_culture_is_1_by_definition(tmp_path: Path) -> None:
    assert "1 by definition" in " ".join(read(tmp_path, "adapter,ara\nara,0.5\n").remarks)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ": is empty; the first line names the cultures of the tests"),
        ("\n \n", ": is empty; "),
        ("adapter,ara,deu\n", ": rows (none) and columns (ara, deu) have no culture in common; name both alike"),
        ("adapter,ara,deu\nara,,0.5\n", ": holds no score of ara: all their cells are empty"),
        ("adapter,ara,deu\nara,0.5,1.2\ndeu,1,1\n", ":2: the highest score is 1.2 (ara, deu): too high for a share"),
        ("adapter,ara,deu\nusa,0.5,0.2\nchina,1,1\n", ": rows (usa, china) and columns (ara, deu) have no culture"),
        ("adapter,average\nbase,0.5\n", ": rows (base) and columns (average) have no culture in common"),
        ("adapter,ara,ara\nara,0.5,0.2\n", ":1: duplicate column 'ara'"),
        ("adapter,ara,deu\nara,1,1\ndeu,1,1\nara,1,1\n", ":4: duplicate row 'ara'"),
        ("adapter,ara,\nara,1,1\n", ":1: a column has no name"),
        ("adapter,\x1b[31mara\n", r":1: column '\x1b[31mara': a name has up to 80 characters, all of them printable"),
        (f"adapter,{'a' * 81}\n", f":1: column '{'a' * 80}': a name has up to 80"),
        ("adapter,ara,deu\nara,1,1\n,1,1\n", ":3: a row has no name"),
        ("adapter,ara,deu\nara,0.5\ndeu,1,1\n", ":2: a cell is missing: 2 cells, and the first line has 3"),
        ("adapter,ara,deu\nara,0.5,,\ndeu,1,1\n", ":2: a cell too many: 4 cells"),
        ("adapter,ara,deu\nara,0.5,\ndeu,1,1\n", ":2: ara, deu: the cell is empty"),
        ("adapter,ara,deu\nara,0.5,high\ndeu,1,1\n", ":2: ara, deu: 'high' is not a number; give a score as 0.42"),
        ("adapter;ara;deu\nara;0,5;1\ndeu;1;1\n", ":2: ara, ara: '0,5' is not a number"),
        ("adapter,ara\nara,nan\n", ":2: ara, ara: 'nan' is not a number"),
        ("adapter,ara\nara,inf\n", ":2: ara, ara: 'inf' is not a number"),
        ("adapter,ara\nara,1_0\n", ":2: ara, ara: '1_0' is not a number"),
        ("adapter,ara\nara,-0.1\n", ":2: ara, ara: -0.1 is below 0"),
        ("adapter,ara\nara,101\n", ":2: ara, ara: 101 is above 100"),
        ("\n\nadapter|ara|deu\nara|1|1\n", ":3: one column only: separate cells by commas, semicolons, tabs"),
        ('adapter,ara\nara,"0.5\n', ": not CSV: unexpected end of data"),
        ("adapter,ara\nara,0.5\x00\n", ":2: holds a zero byte"),
        (b"\xff\xfea\x00,\x00", ": UTF-16, not UTF-8: save it as UTF-8"),
        ("a," + "x" * 200_000 + "\n", ": not CSV: field larger than field limit"),
        (b"a,b\n" * 1_200_000, ": has more than 4 MB: too large for a matrix of cultures"),
        (MANY, ": has 101 cultures: no more than 100"),
    ],
)  # fmt: skip
def test_what_is_amiss_is_told_in_one_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(ClcaError) as caught:
        read(tmp_path, content)
    assert said in caught.value.message
    assert caught.value.message.startswith(str(tmp_path / "m.csv"))
    assert "\n" not in caught.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClcaError, match=r"no file .*none\.csv: give a CSV matrix"):
        read_matrix(tmp_path / "none.csv")


def test_the_matrix_of_an_evaluation_is_read_back(tmp_path: Path) -> None:
    """With cultures that have tests without an adapter, or tests without a score."""
    base = {"base": [0, 0, 0], "ara": [0, 1, 1], "deu": [0, 0, 1], "uk": [0, 0, 0]}
    scores = score(
        [
            scored("ara/hate", [0, 1, 1], base),
            scored("usa/hate", [0, 1, 1], base),
            scored("uk/hate", [0, 0, 0], base),
            scored("deu/hate", [0, 1, 1], {"base": [0, 0, 1], "ara": [1, 0, 1], "deu": [0, 1, 1], "uk": [0, 0, 0]}),
        ],
        seed=1,
        resamples=10,
        single_class=False,
    )
    one = read(tmp_path, matrix_text(scores))
    assert scores.specificity is not None
    assert (one.cultures, one.values) == (scores.specificity.cultures, scores.specificity.matrix)
    assert one.cultures == ("ara", "deu")
    assert one.set_aside == ("base", "uk", "usa", "average")
