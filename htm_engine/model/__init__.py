"""The network's parts: competition, layers of units, their hierarchy, and how they learn."""
