"""The two-stage judge, the filter that follows its verdicts, and how good the judge is."""
