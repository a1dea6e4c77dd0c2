"""The tables of a study: which numbers its evaluations give, computed over seeds, beside what was published."""
