"""Teachers: what answers the engine's questions."""
