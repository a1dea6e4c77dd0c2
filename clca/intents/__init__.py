"""What each turn of a kept dialogue is meant to do."""
