"""Data that comes in: uploads, checked before they are decoded, and named datasets."""
