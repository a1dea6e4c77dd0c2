"""The simulator, its content, and 680 dialogues of five cultures."""

from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.culture.catalogue import CultureCatalogue
from clca.records import Culture, Seed
from clca.simulator import Simulator, SimulatorContent, load_simulator_content
from tests.simulator.plays import CULTURES, Played, localised, play


@pytest.fixture(scope="session")
def files(content: Content) -> dict[str, str]:
    return {path: content.text(path) for path in content.files("scenarios/*") + content.files("scenarios/rehearsal/*")}


@pytest.fixture(scope="session")
def simulator_content(files: dict[str, str]) -> SimulatorContent:
    return load_simulator_content(files)


@pytest.fixture(scope="session")
def teacher(simulator_content: SimulatorContent) -> Simulator:
    return Simulator(simulator_content)


@pytest.fixture(scope="session")
def cultures(content: Content) -> dict[str, Culture]:
    catalogue = CultureCatalogue(content)
    return {name: catalogue.culture(name) for name in CULTURES}


@pytest.fixture(scope="session")
def seeds(files: dict[str, str]) -> list[Seed]:
    lines = (line for path in sorted(files) if "seeds-" in path for line in files[path].splitlines())
    return [Seed.model_validate_json(line) for line in lines if line.strip()]


@pytest.fixture(scope="session")
def plays(teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]) -> list[Played]:
    plays: list[Played] = []
    for culture in cultures.values():
        for at, seed in enumerate(seeds):
            scenario = localised(teacher, culture, seed)
            for number in (at, at + 1000):
                turns, planted = play(teacher, culture, scenario, number)
                plays.append((culture, scenario, number, turns, planted[-1]))
    return plays
