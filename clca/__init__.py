"""clca: dialogues of a culture, played by language models, for training and measuring others."""

__version__ = "0.1.0"
