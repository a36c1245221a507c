"""Reading ``entries/``: files to frozen values, with every problem told."""
