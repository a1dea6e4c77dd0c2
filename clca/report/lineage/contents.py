"""The content files that something was made with: a node for each folder of them, named by what they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clca.content.lookup import FOLDERS
from clca.report.lineage.context import Lineage
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.values import mapping, text
from clca.storage.fingerprint import fingerprint

SHOWN = 12  # characters of a digest in names
MOST_NAMED = 3  # files that a fault names
ROLES = {"prompts": "asked with", "personas": "with profiles of", "scenarios": "with scenarios of"}


def digests_of(content: Any) -> dict[str, str]:
    """The digests of content files by path, as `run.json`, `adapter.json` and `evaluation.json` record them."""
    digests = {}
    for path, used in mapping(content).items():
        digest = used if isinstance(used, str) else mapping(used).get("sha256")
        if isinstance(digest, str) and path.partition("/")[0] in FOLDERS:
            digests[path] = text(digest)
    return digests


def content_links(lineage: Lineage, content: Any) -> tuple[Link, ...]:
    """Links to the content files that a record names, each folder of them as one node."""
    digests = digests_of(content)
    groups = sorted({path.partition("/")[0] for path in digests})
    return tuple(
        _link(
            lineage, group, {path: digest for path, digest in sorted(digests.items()) if path.startswith(f"{group}/")}
        )
        for group in groups
    )


def _link(lineage: Lineage, group: str, digests: Mapping[str, str]) -> Link:
    version = fingerprint(dict(digests))[:SHOWN]
    now = {path: lineage.content_digest(path) for path in digests} if lineage.check else dict(digests)
    changed = [path for path, digest in digests.items() if now[path] != digest]
    notes = [
        f"{path} is no longer there" if not now[path] else f"{path} has changed since: {now[path][:SHOWN]} now"
        for path in changed
    ]
    node = Node(
        kind="content",
        id=node_id("content", f"{group}@{version}"),
        name=f"{group} {version}",
        path=group,
        facts={"version": version, "files": dict(digests)},
        notes=tuple(notes),
    )
    lineage.graph.add(node)
    role = ROLES.get(group, "made with")
    if not lineage.check:
        return Link(node=node.id, role=role, by="path only")
    if not changed:
        return Link(node=node.id, role=role, by="digest")
    more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
    fault = f"{', '.join(changed[:MOST_NAMED])}{more} changed since"
    return Link(node=node.id, role=role, by="nothing", fault=fault)
