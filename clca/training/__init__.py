"""From kept dialogues and other sources to the token rows that a student learns from, and to its adapter.

recipe -> material -> examples (mixes) -> rows with a loss mask -> adapter
"""

LIBRARIES = ("torch", "transformers", "peft", "trl", "bitsandbytes", "accelerate", "datasets")
"""What training needs beside clca's own requirements: the extra `train`."""
