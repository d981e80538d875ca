"""Looking into a trained network: units, surprise, samples, texts."""
