"""What both papers published: their tables, and when a run may stand beside a row of them."""
