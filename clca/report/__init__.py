"""What a reader gets: tables of scores, beside what was published."""
