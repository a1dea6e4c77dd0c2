"""What was submitted: kept in a table, run one process each, followed by its events, resumed after any kill."""
