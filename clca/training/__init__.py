"""From kept dialogues and other sources to the token rows that a student learns from, and to its adapter.

recipe -> material -> examples (mixes) -> rows with a loss mask -> adapter
"""
