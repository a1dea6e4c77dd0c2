"""Where results come from: from a score to what was asked and replied, from an adapter to its dialogues, and forward.

`graph` holds nodes and links, `context` finds recorded paths and digests, and a module for each kind of thing reads it
as a node. `forward` looks for what was made of a node, and `origins` sums up what it was made from.
"""
