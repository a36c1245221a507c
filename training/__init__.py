"""How the encoder for other languages was made: from parallel text to the files that the project ships.

Imported by nothing. ``python -m training --help`` says how it is run; docs/student.md is its data statement and card.
"""
