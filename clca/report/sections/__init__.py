"""The sections of a report, each made of the results that it is about."""
