"""The writer: entries to an index, in steps that can each be interrupted."""
