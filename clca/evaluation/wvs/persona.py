"""Personas: demographic fields and the cultures' names, from `eval/wvs/**/persona.yaml`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml, suggestion, yaml_line
from clca.content.wvs_items import Words
from clca.errors import ContentError, NotFoundError
from clca.records import Respondent, Slug

PERSONA = "eval/wvs/persona.yaml"

Codes = dict[Annotated[int, Field(ge=0)], Words]
Gendered = dict[Annotated[int, Field(ge=0)], tuple[Words, Words]]
"""Words by code for a man and for a woman."""

GENDER = "gender"
Line = tuple[str, str]
"""A line of a persona: the name of a field and its value."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PersonaField(_Record):
    """A demographic question: `codes` have the survey's labels, `words` what a prompt says where it differs.

    `gendered` are the words for a man and a woman, of codes that a language words by gender; `words` are for those
    whose gender is not known.
    """

    id: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    role: Words
    name: Words
    codes: Annotated[Codes, Field(min_length=1)]
    words: Codes = {}
    gendered: Gendered = {}

    @model_validator(mode="after")
    def _known(self) -> Self:
        for key in ("words", "gendered"):
            unknown = next((code for code in getattr(self, key) if code not in self.codes), None)
            if unknown is not None:
                raise ValueError(f"{key}: {self.id} has no code {unknown}")
        return self

    def wording(self, code: int, gender: int | None = None) -> str:
        """What a prompt says for a code of somebody, by the survey's code of their gender. Raises `NotFoundError`."""
        if code not in self.codes:
            codes = ", ".join(map(str, self.codes))
            raise NotFoundError(f"{self.id} ({self.role}): no code {code} in {PERSONA}; there are {codes}")
        if gender in (1, 2) and code in self.gendered:
            return self.gendered[code][gender - 1]
        return self.words.get(code, self.codes[code])


class Persona(_Record):
    """The fields in one language, in the order of a prompt; `native`: the cultures that speak the language."""

    language: Words
    native: tuple[Slug, ...] = ()
    country: Words
    cultures: dict[Slug, Words]
    fields: Annotated[tuple[PersonaField, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [field.id for field in self.fields]
        duplicate = next((id for id in ids if ids.count(id) > 1), None)
        if duplicate:
            raise ValueError(f"fields: duplicate {duplicate}")
        return self

    def name(self, culture: str) -> str:
        """The name of a culture in this language. Raises `NotFoundError`."""
        if culture not in self.cultures:
            hint = suggestion(culture, self.cultures)
            raise NotFoundError(f"no name of {culture!r} in {self.language}: add it under cultures in {PERSONA}{hint}")
        return self.cultures[culture]

    def lines(self, respondent: Respondent) -> tuple[Line, ...]:
        """The country of a respondent and every field that is known."""
        known = respondent.demographics
        gender = next((known[field.id] for field in self.fields if field.role == GENDER and field.id in known), None)
        fields = ((field.name, field.wording(known[field.id], gender)) for field in self.fields if field.id in known)
        return ((self.country, self.name(respondent.country)), *fields)


class _Wording(_Record):
    id: str
    name: Words
    words: Codes
    gendered: Gendered = {}


class _Translation(_Record):
    language: Words
    native: tuple[Slug, ...] = ()
    country: Words
    cultures: dict[Slug, Words]
    fields: tuple[_Wording, ...]


def load_persona(content: Content) -> Persona:
    """The persona in English, whose codes hold in every language. Raises `ContentError`."""
    return read_yaml(content.shown(PERSONA), content.text(PERSONA), Persona)


def read_persona_translation(shown: str, text: str, persona: Persona) -> Persona:
    """The persona in another language; raises `ContentError` for a name, field or code without a translation."""

    def fault(where: tuple[object, ...], what: str) -> ContentError:
        return ContentError(shown, yaml_line(text, where), what)

    translation = read_yaml(shown, text, _Translation)
    wordings = {field.id: (index, field) for index, field in enumerate(translation.fields)}
    known = {field.id for field in persona.fields}
    for id, (index, _) in wordings.items():
        if id not in known:
            raise fault(("fields", index), f"fields: no field {id} in {PERSONA}{suggestion(id, known)}")
    for culture in persona.cultures:
        if culture not in translation.cultures:
            raise fault(("cultures",), f"cultures: {culture} has no name in {translation.language}")
    fields = []
    for field in persona.fields:
        if field.id not in wordings:
            raise fault(("fields",), f"fields: {field.id} ({field.role}) is missing")
        index, wording = wordings[field.id]
        if set(wording.words) != set(field.codes):
            codes = ", ".join(map(str, field.codes))
            raise fault(("fields", index, "words"), f"fields: {field.id}: words need exactly the codes {codes}")
        unknown = next((code for code in wording.gendered if code not in field.codes), None)
        if unknown is not None:
            raise fault(("fields", index, "gendered"), f"fields: {field.id}: gendered: no code {unknown}")
        translated = {"name": wording.name, "words": wording.words, "gendered": wording.gendered}
        fields.append(field.model_copy(update=translated))
    return Persona(
        language=translation.language,
        native=translation.native,
        country=translation.country,
        cultures=translation.cultures,
        fields=tuple(fields),
    )
