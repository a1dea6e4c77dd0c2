"""`clca cultures` on the terminal: scores as bars, the Inglehart-Welzel map, manners."""

from __future__ import annotations

from rich.table import Table

from clca.cli.views.review import read_by
from clca.cli.views.screen import make_console, print_json, styled
from clca.content.lookup import Content, find_workspace
from clca.culture import CultureCatalogue
from clca.culture.scores import DIMENSIONS
from clca.errors import NotFoundError
from clca.records import Culture

BAR = 40  # characters for a score of 100
MAP_WIDTH, MAP_HEIGHT = 72, 20


def list_cultures(*, as_json: bool) -> None:
    """Print every culture as a table or as JSON lines."""
    catalogue = CultureCatalogue(Content(find_workspace()))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("id", "name", "kind", "found by", "missing scores", "read by natives"):
        table.add_column(column)
    for name in catalogue.ids():
        culture = catalogue.culture(name)
        title, *others = dict.fromkeys(catalogue.aliases(name))
        aliases = [alias for alias in others if alias.casefold() != name and _finds(catalogue, alias, name)]
        missing = _missing(culture)
        if as_json:
            line = {"id": name, "name": title, "kind": culture.kind, "aliases": aliases, "missing": missing}
            print_json({**line, "read_by": [reader.model_dump(mode="json") for reader in culture.read_by]})
        kind = culture.kind if culture.kind == "country" else f"language of {', '.join(culture.members)}"
        table.add_row(name, title, kind, ", ".join(aliases[:5]), ", ".join(missing), _readers(catalogue, culture))
    if not as_json:
        make_console().print(table)


def show_culture(name: str, *, as_json: bool) -> None:
    """Print a culture's scores, descriptors, norms and everyday material. Raises `NotFoundError` if unknown."""
    catalogue = CultureCatalogue(Content(find_workspace()))
    culture = catalogue.culture(catalogue.find(name))
    if as_json:
        print_json(culture.model_dump(mode="json"), indent=2)
        return
    console = make_console()
    console.print(
        styled((catalogue.aliases(culture.id)[0], "bold"), f"  ({culture.kind}, id {culture.id}, {culture.language})")
    )
    if culture.members:
        console.print(
            f"Played in {', '.join(culture.members)}; names, places and manners are those of {culture.members[0]}."
        )
    console.print(", ".join(culture.descriptors) + ".")
    if not culture.members:
        console.print(f"Names, address, manners and gestures: {read_by(culture)} (`clca content review {culture.id}`).")
    console.print()
    for key, title in DIMENSIONS.items():
        console.print(_bar(f"{title} ({key.upper()})", getattr(culture.scores, key)))
    console.print(culture.scores_note, style="dim")
    console.print()
    for line in _map(catalogue, culture):
        console.print(line)
    console.print(culture.position_note, style="dim")
    console.print(
        "Phrases follow from these scores by personas/descriptors.yaml. The CLCA paper's phrases for Japan, China and"
        " Germany fit a later revision of Hofstede's scores, which is not freely available.",
        style="dim",
    )
    console.print()
    console.print("What people expect of each other", style="bold")
    for custom in culture.customs:
        console.print(f"  {custom}")
    console.print()
    names = culture.names
    counts = f"{len(names.female)} women's, {len(names.male)} men's, {len(names.family)} family names, {names.order}"
    console.print(
        styled(("Names", "bold"), f"  {counts}: {', '.join(names.female[:4] + names.male[:4] + names.family[:4])}, ...")
    )
    console.print(styled(("Places", "bold"), f"  {'; '.join(places[0] for places in culture.settings.values())}"))


def _bar(title: str, score: float | None) -> str:
    if score is None:
        return f"{title:<30}  missing"
    filled = round(score * BAR / 100)
    return f"{title:<30} {score:>5.4g}  {'█' * filled}{'·' * max(0, BAR - filled)}"


def _map(catalogue: CultureCatalogue, culture: Culture) -> list[str]:
    """Lines of the map with the culture (@), our other cultures (their first letters) and all countries (·)."""
    if culture.position.secular is None or culture.position.expression is None:
        return ["Its position on the map is not known."]
    points = [
        (row.survival_vs_self_expression, row.traditional_vs_secular_rational, "·") for row in catalogue.scores.map_rows
    ]
    labels = []
    for other in catalogue.ids():
        position = catalogue.culture(other).position
        if other != culture.id and position.secular is not None and position.expression is not None:
            labels.append((position.expression, position.secular, other[:3]))
    here = (culture.position.expression, culture.position.secular)
    xs = [x for x, _, _ in points] + [here[0]]
    ys = [y for _, y, _ in points] + [here[1]]
    low_x, high_x, low_y, high_y = min(xs), max(xs), min(ys), max(ys)
    grid = [[" "] * MAP_WIDTH for _ in range(MAP_HEIGHT)]

    def put(x: float, y: float, text: str) -> None:
        column = round((x - low_x) / (high_x - low_x) * (MAP_WIDTH - 1))
        row = round((high_y - y) / (high_y - low_y) * (MAP_HEIGHT - 1))
        column = min(column, MAP_WIDTH - len(text))
        for offset, letter in enumerate(text):
            grid[row][column + offset] = letter

    for x, y, mark in points + labels:
        put(x, y, mark)
    put(*here, f"@{culture.id}")
    head = f"secular-rational {high_y:+.1f}"
    foot = f"traditional {low_y:+.1f}"
    axis = (
        f"{f'survival {low_x:+.1f}':<{MAP_WIDTH // 2}}{f'self-expression {high_x:+.1f}':>{MAP_WIDTH - MAP_WIDTH // 2}}"
    )
    return [head, *("│" + "".join(row).rstrip() for row in grid), "└" + "─" * MAP_WIDTH, " " + axis, foot]


def _finds(catalogue: CultureCatalogue, alias: str, culture: str) -> bool:
    """Whether a name finds this culture: a code that several share may find another one, or none."""
    try:
        return catalogue.find(alias) == culture
    except NotFoundError:
        return False


def _readers(catalogue: CultureCatalogue, culture: Culture) -> str:
    """How many natives have read the profile; of a language, those of each country."""
    counts = [len(catalogue.culture(member).read_by) for member in culture.members or (culture.id,)]
    return ", ".join(str(count) if count else "nobody" for count in dict.fromkeys(counts))


def _missing(culture: Culture) -> list[str]:
    scores = {**culture.scores.model_dump(), **culture.position.model_dump()}
    return [key.upper() if key in DIMENSIONS else key for key, value in scores.items() if value is None]
