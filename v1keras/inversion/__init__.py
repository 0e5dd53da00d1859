"""Stage 6: model -> stimulus."""
