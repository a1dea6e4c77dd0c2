"""Measured runs against stated references: `python -m benchmarks`."""
