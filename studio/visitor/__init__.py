"""What a visitor has: model and data, runs, and the link that named them."""
