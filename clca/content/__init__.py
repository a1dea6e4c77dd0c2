"""Content files: where they are found, how they are parsed, prompts and survey items."""
