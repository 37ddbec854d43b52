"""What is timed, each act in a process of its own; a peer's runs in the peer's environment and imports nothing of reprobundle."""
