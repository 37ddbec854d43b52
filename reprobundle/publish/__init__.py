"""Bundles to and from a network, verified on both ends; nothing else of the program opens a socket."""
