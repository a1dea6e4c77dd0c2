"""Offensiveness across cultures: tasks, test sets, and what their matrix says of cultural specificity."""
