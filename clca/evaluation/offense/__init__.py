"""Offensiveness across cultures: tasks, how replies are read, and the labelled texts that are asked about."""
