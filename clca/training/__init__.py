"""From kept dialogues and other sources to the token rows that a student learns from.

recipe -> material -> examples (mixes) -> rows with a loss mask
"""
