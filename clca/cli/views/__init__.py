"""What commands print: plans, progress, tables and summaries."""
