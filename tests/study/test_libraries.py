"""What a study needs to be installed."""

from __future__ import annotations

import sys

import pytest

from clca.errors import SettingsError
from clca.study.config import StudyConfig
from clca.study.plan import plan


def test_a_study_with_evaluations_says_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(SettingsError, match=r"^an evaluation needs numpy, not installed here: pip install"):
        plan(StudyConfig(study="rehearsal"))
