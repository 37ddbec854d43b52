"""Making an environment anew from a lock: an interpreter, wheels, an install behind walls, a cache."""
