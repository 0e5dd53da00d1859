"""Stage 2: batch -> core -> readout -> rate."""
