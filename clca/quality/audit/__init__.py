"""`clca audit-judge`: what the judge of runs finds among planted flaws, and what that says of the kept data."""
