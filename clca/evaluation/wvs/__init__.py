"""The evaluation on the World Values Survey.

survey files -> `microdata` -> respondents
`suite`, respondents or shares -> `sampling` -> `question` -> request groups -> predictor -> `answering` -> predictions
predictions -> `counts` -> `aggregate` -> `scores`
"""
