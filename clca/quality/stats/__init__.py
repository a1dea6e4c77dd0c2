"""`clca stats`: what the dialogues of runs are like, and how cultures and runs differ."""
