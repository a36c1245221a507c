"""What keeps a base true as time goes by: links that still answer, reviews that are due, what was changed and when."""
