"""Replicas of vLLM on the nodes of a Ray cluster, which one command asks by their URLs."""
