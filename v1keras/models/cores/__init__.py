"""Cores: images -> feature maps, shared by all neurons."""
