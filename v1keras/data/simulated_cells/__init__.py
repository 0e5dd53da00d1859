"""Simulated cells of many families, for judging what is said of real ones."""

from v1keras.data.simulated_cells.cell import SimulatedCell, rates_of
from v1keras.data.simulated_cells.families import FAMILIES, draw_cell
from v1keras.data.simulated_cells.population import simulate_families

__all__ = ["FAMILIES", "SimulatedCell", "draw_cell", "rates_of", "simulate_families"]
