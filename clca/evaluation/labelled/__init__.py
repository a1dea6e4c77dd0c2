"""Evaluation suites on labelled texts: each system answers each text of each task with one of the task's labels.

tasks, systems -> request groups -> predictor -> choices -> confusions -> scores -> tables

A suite is a `Task` for each of its tests and a folder of content below `eval/`; `clca.evaluation.normad` is a whole one
in one module.
"""
