"""Evaluation on offensiveness: who is asked what, and what becomes of the answers."""
