"""Data brought from its own home: over MediaWiki's API, from GitHub, from the hub; each file beside its licence."""
