"""Respondents of the World Values Survey, out of its files into one of ours."""
