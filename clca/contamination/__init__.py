"""What texts share with evaluations: the texts of all suites that are here, and an index of their n-grams."""
