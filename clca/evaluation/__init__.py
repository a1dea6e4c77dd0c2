"""Evaluation: suites of requests, predictions, scores and tables."""
