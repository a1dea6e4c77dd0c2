"""Evaluation on the World Values Survey: who is asked, what, by whom, and how far off the answers are.

suite, respondents -> sheets -> predictor -> predictions -> scores
"""
