"""Quality of data: what generated dialogues are like, and what they share with evaluations."""
