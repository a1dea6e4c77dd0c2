"""Dialogues of runs of any size: found by an index of (id, file, offset) and words, read one line at a time."""
