"""What any text is made of, an entry's as well as a query's: words, language, Markdown, and a part of it to show."""
