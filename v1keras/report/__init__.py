"""Stage 8: results -> figures and one HTML page."""
