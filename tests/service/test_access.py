from __future__ import annotations

import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clca.errors import ContentError, NotFoundError, SettingsError
from clca.service.access import Identity, TokenFile


def test_a_token_is_shown_once_and_only_its_digest_is_kept(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "service")
    secret = tokens.add("ana", "review", days=1)
    written = tokens.path.read_text()
    assert secret not in written
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(tokens.path.parent.stat().st_mode) == 0o700
    token = TokenFile(tmp_path / "service").holder(secret)
    assert token is not None
    assert (token.name, token.role, token.is_valid(time.time())) == ("ana", "review", True)
    assert not token.is_valid((datetime.now(UTC) + timedelta(days=1, seconds=1)).timestamp())
    assert tokens.holder(secret[:-1]) is None


def test_a_name_has_one_token_which_is_taken_back_at_once(tmp_path: Path) -> None:
    tokens, other = TokenFile(tmp_path), TokenFile(tmp_path)
    secret = tokens.add("ana", "read", None)
    assert other.holder(secret) is not None
    with pytest.raises(SettingsError, match="ana has a token"):
        tokens.add("ana", "run", None)
    with pytest.raises(SettingsError, match="a name has letters"):
        tokens.add("a b", "run", None)
    tokens.remove("ana")
    assert other.holder(secret) is None
    with pytest.raises(NotFoundError, match="nobody called 'ana'"):
        tokens.remove("ana")


def test_a_session_ends_with_its_token_and_cannot_be_made_up(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path)
    token = tokens.holder(tokens.add("ana", "run", None))
    assert token is not None
    session = tokens.session(token)
    assert tokens.session_holder(session) == token
    name, ends, mac = session.split(":")
    for forged in (f"ben:{ends}:{mac}", f"{name}:{int(ends) + 1}:{mac}", f"{name}:{ends}:{mac[:-1]}x", "ana", ""):
        assert tokens.session_holder(forged) is None
    assert tokens.form_key(token, session) != tokens.form_key(token, tokens.session(token) + "x")
    tokens.remove("ana")
    assert tokens.session_holder(session) is None


def test_a_role_covers_those_before_it() -> None:
    may = {role: [Identity("ana", role).may(other) for other in ("read", "review", "run")] for role in ("read", "run")}
    assert may == {"read": [True, False, False], "run": [True, True, True]}


def test_a_broken_file_of_tokens_is_an_error_and_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text('{"tokens": [{"name": "ana"}]}')
    (tmp_path / "tokens.json").chmod(0o600)
    with pytest.raises(ContentError, match=r"tokens\.json"):
        TokenFile(tmp_path).valid()
