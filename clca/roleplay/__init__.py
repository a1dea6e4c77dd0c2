"""From a scenario to a dialogue: adaptation to a culture, scenarios from norms, the turn loop."""
