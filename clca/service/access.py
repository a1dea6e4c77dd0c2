"""Who may do what: tokens with a role, of which only digests are kept, and sessions of browsers made from them.

A token has 256 random bits, so that its plain SHA-256 can be neither guessed nor looked up. A slow hash, made for
passwords, would only let strangers keep the machine busy.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from clca.content.parsing import validation_message
from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError, StoreError
from clca.records import Record
from clca.service.own_folder import make_own_folder, read_own, require_own
from clca.storage.atomic import atomic_write
from clca.storage.provenance import now

Role = Literal["read", "review", "run"]
ROLES: tuple[Role, ...] = ("read", "review", "run")
"""Each role may do what those before it may: read dialogues and results, review dialogues, submit and stop jobs."""

FILE = "tokens.json"
PREFIX = "clca_"
SESSION_SECONDS = 12 * 3600
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$")]


class Token(Record):
    """What is kept of a token: who has it, what they may do, its digest, and until when it counts (ISO 8601, UTC)."""

    name: Name
    role: Role
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    created: str
    expires: datetime | None = None

    def is_valid(self, at: float) -> bool:
        """Whether it counts at this moment, in seconds since 1970."""
        return self.expires is None or self.expires.timestamp() > at


class _Tokens(Record):
    tokens: tuple[Token, ...] = Field(default=(), max_length=10_000)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sent a request. `by_cookie`: a browser sent it by itself, so that it has to prove which page made it.

    `token` is what let them in; None on a loopback address without one.
    """

    name: str
    role: Role
    by_cookie: bool = False
    token: Token | None = None

    def may(self, role: Role) -> bool:
        """Whether the role is covered by that of this one."""
        return ROLES.index(self.role) >= ROLES.index(role)


class TokenFile:
    """The tokens of a service's folder; a change of the file, or of who may open it, counts at once."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._read_at: tuple[int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def tokens(self) -> tuple[Token, ...]:
        """All tokens. Raises `ContentError` for a broken file, `StoreError` for one that others may open."""
        try:
            about = os.stat(self.path)
        except FileNotFoundError:
            self._read_at, self._tokens = None, ()
            return ()
        require_own(self.path, about)
        if (about.st_mtime_ns, about.st_ino) != self._read_at:
            try:
                data, about = read_own(self.path.parent, self.path.name)
                require_own(self.path, about)  # it may be another one by now
                self._tokens = _Tokens.model_validate_json(data).tokens
            except ValidationError as error:
                raise ContentError(str(self.path), None, validation_message(error)) from None
            except OSError as error:
                raise StoreError(f"cannot read {self.path}: {error.strerror}") from None
            self._read_at = about.st_mtime_ns, about.st_ino
        return self._tokens

    def valid(self) -> tuple[Token, ...]:
        """The tokens that count now."""
        at = time.time()
        return tuple(token for token in self.tokens() if token.is_valid(at))

    def counts(self, identity: Identity) -> bool:
        """Whether who was let in would be let in still: not by a token that was taken back, or has expired."""
        try:
            return identity.token is None or identity.token in self.valid()
        except ClcaError:  # nobody is let in by a file that cannot be read
            return False

    def add(self, name: str, role: Role, days: float | None) -> str:
        """Make a token and return it: nobody can read it again. Raises `SettingsError` for a name that is taken."""
        if any(token.name == name for token in self.tokens()):
            raise SettingsError(f"{name} has a token: take it back with `clca tokens remove {name}`, or choose another")
        secret = PREFIX + secrets.token_urlsafe(32)
        try:
            token = Token(
                name=name,
                role=role,
                sha256=_digest(secret),
                created=now(),
                expires=None if days is None else datetime.now(UTC) + timedelta(days=days),
            )
        except (ValidationError, OverflowError):
            raise SettingsError(f"{name!r}: a name has letters, digits and _ . @ -, at most 64 of them") from None
        self._write((*self.tokens(), token))
        return secret

    def remove(self, name: str) -> None:
        """Take a token back. Raises `NotFoundError`."""
        left = tuple(token for token in self.tokens() if token.name != name)
        if len(left) == len(self.tokens()):
            raise NotFoundError(f"nobody called {name!r} has a token (`clca tokens list`)")
        self._write(left)

    def holder(self, secret: str) -> Token | None:
        """The token with this text, whether it counts still or not."""
        digest = _digest(secret)
        return next((token for token in self.tokens() if hmac.compare_digest(token.sha256, digest)), None)

    def session(self, token: Token) -> str:
        """The content of the cookie of a browser's session; it ends with the token, and after 12 hours."""
        ends = int(time.time()) + SESSION_SECONDS
        return f"{token.name}:{ends}:{_mac(token, f'session:{ends}')}"

    def session_holder(self, session: str) -> Token | None:
        """The token that a session was made from, None for one that has ended or was not made here."""
        name, _, rest = session.partition(":")
        ends, _, mac = rest.partition(":")
        token = next((token for token in self.tokens() if token.name == name), None)
        if token is None or not hmac.compare_digest(_mac(token, f"session:{ends}").encode(), mac.encode()):
            return None
        return token if int(ends) > time.time() else None

    @staticmethod
    def form_key(token: Token, session: str) -> str:
        """What a page of this session sends with a change, so that no other site's page can make one."""
        return _mac(token, f"form:{session}")

    def _write(self, tokens: tuple[Token, ...]) -> None:
        make_own_folder(self.path.parent)
        atomic_write(self.path, _Tokens(tokens=tokens).model_dump_json(indent=1) + "\n")
        os.chmod(self.path, 0o600)


class OneTimeCode:
    """A code in an address, by which the first who opens it has a token's session."""

    def __init__(self, token: Token) -> None:
        self.text = secrets.token_urlsafe(32)
        self._token: Token | None = token

    def use(self, text: str) -> Token | None:
        """The token for the right code, once; None ever after."""
        if not hmac.compare_digest(text.encode("utf-8", "surrogateescape"), self.text.encode()):
            return None
        token, self._token = self._token, None
        return token


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _mac(token: Token, text: str) -> str:
    return hmac.new(bytes.fromhex(token.sha256), text.encode(), "sha256").hexdigest()
