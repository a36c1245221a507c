"""Reading entries."""
