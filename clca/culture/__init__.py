"""Cultures: profiles, scores and the descriptors derived from them."""

from clca.culture.catalogue import CultureCatalogue

__all__ = ["CultureCatalogue"]
