"""The studies that RESULTS.md and the measured pages of docs/ are written by.

Run them from the checkout's root, such as

    .venv/bin/python -m tools.studies.reproduce_paper
"""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
