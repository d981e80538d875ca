"""Collections: a trained network stores each picture in a few dozen bytes."""
