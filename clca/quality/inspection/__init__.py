"""`clca inspect`: dialogues of runs of any size, filtered, paged and taken out."""
