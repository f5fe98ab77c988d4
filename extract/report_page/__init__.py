"""`extract report`: one page that says how things stand, each figure with the query that gives it."""
