"""Evaluation: `predictors` fill in sheets of questions; every suite has a package of its own."""
