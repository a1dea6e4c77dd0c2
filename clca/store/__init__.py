"""What a run leaves on disk: JSONL files that only ever hold whole lines, and the journal."""
