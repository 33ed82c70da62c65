"""What a score is worth: calibrated probabilities, thresholds, novelty, links."""
