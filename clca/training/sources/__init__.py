"""The sources of training examples, one module each, and the mixes that are put together from them."""

from clca.training.sources.builder import assemble

__all__ = ["assemble"]
