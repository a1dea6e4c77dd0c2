"""Cultures: profiles, scores and the descriptors derived from them."""

from clca.culture.catalogue import Catalogue

__all__ = ["Catalogue"]
