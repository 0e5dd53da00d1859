"""What puts the stages together: train, score, invert, publish."""
