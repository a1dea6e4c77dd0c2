"""Evaluations put together: a student and its adapters, what they are asked, and what is left behind."""
