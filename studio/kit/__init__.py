"""What every page may use: controls, links, words, pictures, places."""
