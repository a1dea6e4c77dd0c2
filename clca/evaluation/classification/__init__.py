"""Answers with a closed list of labels: what they count, score and are made of."""
