"""The report of a run: one page to read, and a ZIP that makes it again."""
