"""What somebody means who asks: the text of a query read, put right, and put into the language of the base."""
