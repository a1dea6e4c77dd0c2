"""Import of labelled test sets from the files they are distributed in."""
