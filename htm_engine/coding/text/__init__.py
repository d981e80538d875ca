"""Texts, exactly: context units predict the next byte bit by bit, and their odds are mixed."""
