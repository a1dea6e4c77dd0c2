"""`clca study`: a graph of stage configurations, expanded from a matrix, carried out and resumed as one."""
