"""What a reader needs of an experiment in one place."""
