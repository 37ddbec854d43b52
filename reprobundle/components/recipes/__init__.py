"""Recipes: how an object is made again without pickle. Its class or function by name, the arguments, or a skops file."""
