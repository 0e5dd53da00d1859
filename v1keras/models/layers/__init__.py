"""Layers of cores and readouts, among them fast paths on TensorFlow."""
