"""What the judge finds among planted flaws, and how steady it is."""

from __future__ import annotations

from clca.report.blocks import Block, Heading, Paragraph, Section
from clca.report.lineage.values import listed
from clca.report.sections.values import text
from clca.report.sources import ReportInputs
from clca.report.stored_tables import read_tables


def audits_section(inputs: ReportInputs) -> Section | None:
    """The section; None without audits."""
    audits = inputs.of("audit")
    if not audits:
        return None
    blocks: list[Block] = []
    for audit in audits:
        runs = ", ".join(text(run) for run in listed(audit.data.get("runs")))
        judge = text(audit.data.get("judge"), "unknown judge")
        blocks.append(Heading(f"{judge} on {runs}", "", (audit.code,)))
        try:
            blocks += read_tables(
                audit.folder,
                "table",
                key=f"audit {audit.name}",
                marks=audit.marks,
                sources=(audit.code,),
            )
        except OSError as error:
            blocks.append(Paragraph(f"Its tables cannot be read: {error}", emphasis=True))
        blocks += [Paragraph(text(caveat)) for caveat in listed(audit.data.get("caveats"))]
    lead = "Known flaws are planted in kept dialogues, and the judge is asked about them: what would it have let pass?"
    return Section("audit", "Audit of the judge", tuple(blocks), lead)
