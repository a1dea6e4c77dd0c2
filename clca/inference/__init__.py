"""Asking a model: over HTTP, or in this process."""
