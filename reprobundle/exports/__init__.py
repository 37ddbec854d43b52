"""Views of a bundle for others: derived from its manifest and its documentation, and made again at any time."""
