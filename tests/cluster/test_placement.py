"""Which replicas go where, worked out by hand, and what supervisor and `clca` tell each other."""

from __future__ import annotations

from collections import Counter

import pytest

from clca.cluster.messages import (
    Down,
    Event,
    Failed,
    Node,
    NodeAdapter,
    Planned,
    Room,
    Share,
    Step,
    Up,
    VllmSettings,
    Wanted,
    event_line,
    read_event,
    read_wanted,
    wanted_line,
)
from clca.cluster.placement import idle_note, missing, refusal


def node(name: str, *rooms: Room, gpus: int = 0, cpus: int = 64) -> Node:
    return Node(name, f"host-{name}", f"10.0.0.{name}", gpus, cpus, rooms)


def big(gpus: int = 4, most: int = 2) -> Room:
    return Room("big", gpus, most, f"{gpus} x H100")


def counted(shares: list[Share]) -> dict[tuple[str, str], int]:
    return dict(Counter((share.node, share.model) for share in shares))


def test_as_many_replicas_are_started_as_there_are_gpus_for() -> None:
    nodes = [node("1", big(), gpus=8), node("2", big(), gpus=4)]
    assert counted(missing(nodes, ["big"], [], cpus=1)) == {("1", "big"): 2, ("2", "big"): 1}
    assert counted(missing(nodes, ["big"], [Share("1", "big")], cpus=1)) == {("1", "big"): 1, ("2", "big"): 1}
    assert counted(missing(nodes, ["big"], [], cpus=1, most=2)) == {("1", "big"): 1, ("2", "big"): 1}, "spread first"


def test_cpus_and_memory_bound_them_too() -> None:
    assert len(missing([node("1", big(), gpus=8, cpus=3)], ["big"], [], cpus=2)) == 1
    assert len(missing([node("1", Room("m", 0, 3, "the CPU"), cpus=64)], ["m"], [], cpus=1)) == 3


def test_two_models_get_as_many_each() -> None:
    rooms = (big(), Room("small", 1, 8, "1 x H100"))
    shares = counted(missing([node("1", *rooms, gpus=8), node("2", *rooms, gpus=8)], ["big", "small"], [], cpus=1))
    assert sum(number for (_, model), number in shares.items() if model == "big") == 3
    used = sum({"big": 4, "small": 1}[model] * number for (_, model), number in shares.items())
    assert used == 16, "small ones fill what is left"


def test_a_node_without_gpus_is_used_only_where_no_other_has_any() -> None:
    cpu = Room("m", 0, 1, "the CPU")
    assert counted(missing([node("1", cpu), node("2", Room("m", 1, 1, "1 x H100"), gpus=1)], ["m"], [], cpus=1)) == {
        ("2", "m"): 1
    }
    assert counted(missing([node("1", cpu), node("2", cpu)], ["m"], [], cpus=1)) == {("1", "m"): 1, ("2", "m"): 1}


def test_nodes_that_are_idle_for_their_lack_of_gpus_are_counted_and_named() -> None:
    cpu, gpu, other = Room("m", 0, 1, "the CPU"), Room("m", 1, 1, "1 x H100"), Room("m", obstacle="it has no model")
    with_gpu = node("3", gpu, gpus=1)
    assert idle_note([node("1", cpu), node("2", cpu), with_gpu, node("4", other)], "m") == (
        "2 nodes without a GPU are not used, since others have GPUs: host-1, host-2"
    )
    assert idle_note([node("1", cpu), with_gpu], "m").startswith("1 node without a GPU is not used")
    assert idle_note([node("1", cpu), node("2", cpu)], "m") == ""
    assert idle_note([with_gpu], "m") == ""


def test_a_model_without_room_is_refused_with_the_reason_of_each_node() -> None:
    nodes = [node("1", Room("big", obstacle="it has no model")), node("2", big(), gpus=2)]
    assert refusal(nodes, "big", 1) == (
        "no node of the Ray cluster can serve big: host-1 (10.0.0.1): it has no model;"
        " host-2 (10.0.0.2): a replica takes 4 GPUs and 1 CPUs, Ray has 2 and 64 there"
    )
    assert refusal([node("1", big(), gpus=4)], "big", 1) == ""


@pytest.mark.parametrize(
    "event",
    [
        Planned((node("1", big(), gpus=8),), (Share("1", "big"),)),
        Up(3, "big", "http://10.0.0.1:4000/v1", "host-1"),
        Down(3, "its node was lost"),
        Step("big on host-1"),
        Failed("no Ray cluster"),
    ],
)
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    assert read_event(event_line(event)) == event


@pytest.mark.parametrize("line", ["", "Ray says hello", "[]", '{"event": "Sideways"}', '{"event": "Up", "number": 1}'])
def test_another_line_is_no_event(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_event(line)


def test_what_is_wanted_is_read_as_it_was_written_and_shows_no_token() -> None:
    wanted = Wanted(
        "auto",
        ("a", "b"),
        "sekrit",
        VllmSettings(extra_arguments="--max-num-seqs 4", adapters=(NodeAdapter("/a", "0"),)),
        3,
        2,
    )
    assert read_wanted(wanted_line(wanted)) == wanted
    assert "sekrit" not in repr(wanted)
