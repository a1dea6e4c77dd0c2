from __future__ import annotations

from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import load_items
from clca.errors import ContentError
from clca.evaluation.evaluated_model import Adapter
from clca.evaluation.wvs.trained_items import overlap_caveats, trained_items, unknown_caveats, untrained
from clca.models.adapter import TrainedAdapter
from clca.models.adapter_info import AdapterInfo
from clca.models.merged import MERGED
from clca.models.student import Student
from clca.storage.json_records import encode_record

SUITE = load_items(Content()).items
COUNTS = {"rows": {}, "tokens": {}, "trained": {}, "cut": {}, "dropped": {}, "sha256": "0"}


def adapter(mix: str, items: dict[str, int] | None) -> Adapter:
    info = AdapterInfo.model_validate(
        {
            "created": "2026-01-01T00:00:00+00:00",
            "cultures": ["japan"],
            "rehearsal": False,
            "because": [],
            "student": {"name": "m", "source": "o/m", "revision": None, "tiny": False},
            "recipe": {"name": "mine", "data": {"mix": mix}, "base": {"bits": 4}},
            "recipe_sha256": "0",
            "lineage": [],
            "train": {**COUNTS, "items": items},
            "held_out": COUNTS,
            "losses": [],
            "content": {},
            "versions": {},
            "device": "cpu",
            "compute": "fp32",
            **dict.fromkeys(("examples", "rows", "steps", "loss", "seconds", "tokens_per_second", "processes"), 1),
            **dict.fromkeys(("eval_loss", "best_step")),
        }
    )
    return Adapter("adapters/japan/one", TrainedAdapter(Path("adapters/japan/one"), info))


@pytest.mark.parametrize(
    ("mix", "recorded", "trained"),
    [
        ("culturellm", {"Q132": 22, "Q28": 11, "Q27": 11}, ("Q27", "Q28")),
        ("culturellm", {"Q132": 22}, ()),
        ("clca", None, ()),
        ("wvs+wiki", None, tuple(item.id for item in SUITE)),  # of an earlier version, which trained on all
    ],
)
def test_the_items_of_the_suite_that_an_adapter_was_trained_on(
    mix: str, recorded: dict[str, int] | None, trained: tuple[str, ...]
) -> None:
    one = adapter(mix, recorded)
    assert trained_items([one], None, SUITE) == ({one.name: trained} if trained else {})
    assert trained_items([Adapter("served", None)], None, SUITE) == {}


@pytest.mark.parametrize(("best_step", "trained"), [(None, ("Q27",)), (4, ("Q27", "Q28"))])
def test_held_out_items_count_where_they_chose_the_checkpoint(best_step: int | None, trained: tuple[str, ...]) -> None:
    one = adapter("wvs", {"Q27": 11})
    assert one.trained is not None
    data = one.trained.data
    held_out = data.held_out.model_copy(update={"items": {"Q28": 2}})
    chosen = data.model_copy(update={"held_out": held_out, "best_step": best_step})
    found = trained_items([Adapter(one.name, TrainedAdapter(Path(one.name), chosen))], None, SUITE)
    assert found == {one.name: trained}


def test_a_merged_model_was_trained_on_the_items_of_its_adapter(tmp_path: Path) -> None:
    record = adapter("culturellm", {"Q132": 22, "Q28": 11}).trained
    assert record is not None
    student = Student("merged/japan", str(tmp_path), None, False, None)
    assert trained_items([], student, SUITE) == {}
    (tmp_path / MERGED).write_bytes(encode_record(record.data))
    assert trained_items([], student, SUITE) == {"merged/japan": ("Q28",)}
    (tmp_path / MERGED).write_text('{"format": 1}')
    with pytest.raises(ContentError, match=r"merged\.json: .*missing key"):
        trained_items([], student, SUITE)


def test_of_what_is_on_a_server_it_is_said_that_nothing_is_known() -> None:
    (alone,) = unknown_caveats("llama", [], served=True)
    assert alone.startswith("What llama was trained on is not known here, since it is on a server:")
    (adapted,) = unknown_caveats("llama", [Adapter("japan", None), Adapter("japan", None)], served=True)
    assert adapted.startswith("What llama with japan was trained on is not known here")
    assert unknown_caveats("llama", [adapter("clca", None)], served=False) == []


def test_they_are_not_asked_unless_they_are_named_or_nothing_is_left() -> None:
    ids = [item.id for item in SUITE]
    assert [item.id for item in untrained(SUITE, [["Q1", "Q132"]], named=False)] == ids[1:]
    assert untrained(SUITE[:3], [["Q1"]], named=True) == list(SUITE[:3])
    assert untrained(SUITE, [ids], named=False) == list(SUITE)


def test_what_is_left_out_and_what_is_asked_all_the_same_is_said() -> None:
    trained = {"a": ("Q1", "Q2")}
    assert overlap_caveats({}, ["Q1"], ()) == []
    assert overlap_caveats(trained, ["Q3", "Q4"], ("Q1", "Q2")) == [
        "2 of 4 items are not asked, since an adapter was trained on them (Q1, Q2); --items asks those that it names."
    ]
    assert overlap_caveats(trained, ["Q1", "Q2", "Q3"], ()) == [
        "a was trained on 2 of the 3 items that are asked (Q1, Q2): on these its scores say what it learned by heart."
    ]
