"""Scenarios and norms from elsewhere: rows of a data set into lines of ours, each row counted.

files -> rows -> records -> records.jsonl, findings.jsonl, import.json

A format is a module with a generator of outcomes: `Taken`, `Rejected` or `Supporting` for each row, in the order of the
file. Rules by which what a source lacks is derived stand at the head of its module; each use of one is counted.
"""
