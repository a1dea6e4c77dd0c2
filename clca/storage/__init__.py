"""Files that survive a kill: JSONL, whole files and folders, the reply cache, run folders and their index."""
