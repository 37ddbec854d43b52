"""What is there: every installed distribution, the interpreter, the system, and what does not fit together."""
