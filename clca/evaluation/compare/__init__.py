"""Two evaluations of the same respondents, compared."""
