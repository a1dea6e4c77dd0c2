from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.urls import without_credentials


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("https://api.example.org/v1/", "https://api.example.org/v1/"),
        ("https://user:pass@api.example.org/v1", "https://api.example.org/v1"),
        ("https://sk-token@api.example.org:8443/v1", "https://api.example.org:8443/v1"),
        ("https://api.example.org/v1?key=sk-1#sk-2", "https://api.example.org/v1"),
        ("http://user:p%40ss@[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://user:p@ss@host/v1", "http://host/v1"),
        ("http://user:pass@host:port/v1", "http://host/v1"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


secrets = st.text("abcXYZ012.-_~:@!$&'()*+,;=", min_size=8)


@given(user=secrets, key=secrets)
def test_no_secret_gets_through(user: str, key: str) -> None:
    assert without_credentials(f"https://{user}@host.example:8000/v1?api_key={key}") == "https://host.example:8000/v1"
