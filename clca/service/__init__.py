"""`clca serve`: runs are submitted, watched, read and fetched over HTTP.

`app` puts the application together; `routes/` answers; `jobs/` keeps and runs what was submitted, each job in a process
of its own; `dialogues/` finds dialogues of runs of any size by an index; `access` and `gate` say who may do what.
"""
