"""The embedded teacher: an in-process, seeded social simulator that needs no language model.

It plans a dialogue as speech acts whose probabilities follow from the culture's scores and the
two people's ages and roles (`style`, `planner`), words them from content files (`book`,
`wording`), plants known flaws in a known share of plays (`flaws`), and judges what it reads
without looking at its own plans (`judge`). It rehearses a study; it is not a model of anyone.
"""

from clca.simulator.content import SimulatorContent, load_simulator_content
from clca.simulator.teacher import Simulator

__all__ = ["Simulator", "SimulatorContent", "load_simulator_content"]
