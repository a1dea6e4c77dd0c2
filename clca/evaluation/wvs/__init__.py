"""The World Values Survey: who is asked, what, and how far off the answers are.

survey files -> respondents    suite, respondents or shares -> sample -> sheets -> predictor -> predictions
predictions -> tally -> scores    `work` drives it, `folder` keeps it
"""
