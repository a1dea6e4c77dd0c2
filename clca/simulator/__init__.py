"""The simulator: an in-process, seeded teacher that needs no language model.

It plans a dialogue as speech acts whose probabilities follow from the culture's scores and from age and rank of the two
people (`style`, `planner`), puts them into words from content files (`lines`, `realization`), plants known flaws in a
known share of dialogues (`flaws`), and judges what it reads without a look at its plans (`judge`). It serves to
rehearse a study and models nobody. In records, flags and the content folder it is called `rehearsal`.
"""

from clca.simulator.content import SimulatorContent, load_simulator_content
from clca.simulator.teacher import Simulator

__all__ = ["Simulator", "SimulatorContent", "load_simulator_content"]
