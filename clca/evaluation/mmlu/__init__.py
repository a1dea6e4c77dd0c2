"""MMLU: questions, prompts, how replies are read, and what the answers score."""
