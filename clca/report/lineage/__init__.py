"""Where results come from: from a score to what was asked and replied, from an adapter to its dialogues, and forward.

`graph` holds nodes and links, `reading` what is read of each folder, `origins` what a reader wants of a number.
"""
