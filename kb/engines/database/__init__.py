"""The database: what is stored of a generation, how it is read and how it is written."""
