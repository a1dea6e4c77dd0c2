"""The simulator's content files."""

from __future__ import annotations

import pytest

from clca.errors import ContentError
from clca.simulator import load_simulator_content


def test_content_faults_are_named_by_path_and_key(files: dict[str, str]) -> None:
    path = "scenarios/rehearsal/matter-1.yaml"
    with pytest.raises(ContentError, match=r"matter-1\.yaml:\d+: .*willing"):
        load_simulator_content(files | {path: files[path].replace("willing: 0.45", "willing: 7", 1)})
    with pytest.raises(ContentError, match=r"\d+: .*unknown placeholder \{cake\}"):
        load_simulator_content(files | {path: files[path].replace("{family_day}", "{cake}", 1)})
    talk, acts = "scenarios/rehearsal/norm-talk.yaml", "scenarios/rehearsal/acts.yaml"
    with pytest.raises(
        ContentError, match=r"norm-talk\.yaml:\d+: .*unknown placeholder \{explian\}; did you mean explain"
    ):
        load_simulator_content(files | {talk: files[talk].replace("{explain}", "{explian}")})
    with pytest.raises(ContentError, match=r"acts\.yaml:\d+: .*unknown placeholder \{cultur\}; did you mean culture"):
        load_simulator_content(files | {acts: files[acts].replace("{culture}", "{cultur}")})
    with pytest.raises(ContentError, match=r"matter-1\.yaml:\d+: not YAML"):
        load_simulator_content(files | {path: "a: [1\nb: 2"})
    with pytest.raises(ContentError, match=r"acts\.yaml"):
        load_simulator_content({})
    with pytest.raises(ContentError, match=r"norms-general\.jsonl:1: "):
        load_simulator_content(files | {"scenarios/norms-general.jsonl": "{}"})
