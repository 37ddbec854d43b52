"""Making the lock: exact pins with the hashes of their wheels, and wheels of what no index offers."""
