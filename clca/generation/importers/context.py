"""What the user and the content say about an import: cultures by their names, and a licence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from clca.culture import CultureCatalogue
from clca.errors import NotFoundError, SettingsError
from clca.generation.importers.outcome import RowFault
from clca.records import Culture
from clca.records.scenario import GENERAL

_PLAIN = re.compile(r"[^a-z0-9]+")
LONGEST_NAME = 200  # characters of a name that a culture may have
_KEPT = re.compile(r"[a-z0-9 _./:-]*")


class ImportContext:
    """`scope` are the ids of cultures in which norms without one are said to hold, or `general`; none if not said.

    `license` is that of the files, where the user names one. Raises `NotFoundError` for an unknown culture,
    `SettingsError` for `general` beside one.
    """

    def __init__(self, catalogue: CultureCatalogue, cultures: Sequence[str] = (), license: str | None = None) -> None:
        self._catalogue = catalogue
        self._found: dict[str, str | None] = {}
        self.license = license
        self.scope = tuple(
            dict.fromkeys(GENERAL if name.strip().lower() == GENERAL else catalogue.find(name) for name in cultures)
        )
        if GENERAL in self.scope and len(self.scope) > 1:
            raise SettingsError(f"--culture {GENERAL} stands alone: it stands for every culture")

    def culture(self, field: str, name: str) -> str:
        """The id of a culture by a name that stands in a field. Raises `RowFault` for an unknown one."""
        found = self.find(name)
        if found is None:
            raise RowFault(field, "no culture of that name (clca cultures list)", name)
        return found

    def find(self, name: str) -> str | None:
        """The id of a culture by its name, or None."""
        if len(name) > LONGEST_NAME:
            return None
        if name not in self._found:
            if len(self._found) > 10_000:
                self._found.clear()
            try:
                self._found[name] = self._catalogue.find(name)
            except NotFoundError:
                self._found[name] = None
        return self._found[name]

    def record(self, culture: str) -> Culture:
        """The record of a culture."""
        return self._catalogue.culture(culture)


def slug_id(prefix: str, name: str, longest: int) -> str:
    """An id of at most `longest` characters that begins with `prefix` and follows from what a source calls a row.

    Where the name has other characters than Latin letters, digits and marks, or is too long, the beginning of its
    SHA-256 is added, so that different names do not become one.

    >>> slug_id("social-chem", "rot/ex/1/0", 75), slug_id("normad", "規則1", 75)
    ('social-chem-rot-ex-1-0', 'normad-1-2f8e49f1')
    """
    lowered = name.lower()
    words = _PLAIN.sub("-", lowered).strip("-")
    plain = f"{prefix}-{words}" if words else prefix
    if words and len(plain) <= longest and _KEPT.fullmatch(lowered):
        return plain
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[: longest - 9].rstrip('-')}-{digest}"
