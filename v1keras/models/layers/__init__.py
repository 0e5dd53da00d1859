"""Layers of cores and readouts, and the fast paths on TensorFlow.

All of them use `keras.ops` alone, except `tensorflow_cpu.py` and `bilinear_cpu.py`:
these call TensorFlow, and only `fast_path.py` loads them, where TensorFlow is the
backend and has no GPU.
"""
