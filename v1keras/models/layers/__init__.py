"""Layers that cores and readouts are built from, among them fast paths on TensorFlow."""
