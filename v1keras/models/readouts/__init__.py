"""Readouts: feature maps -> the rates of neurons."""
