"""`clca export`: kept dialogues as files that trainers and the hub take, with a card that says what they are."""
