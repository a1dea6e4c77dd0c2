"""Evaluation on MMLU: what is asked of whom, and what the answers score."""
