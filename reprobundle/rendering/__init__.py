"""Renderings of a report: for a terminal, as one self-contained HTML page, and as the JSON document itself.

All text that comes from a bundle or from code that a bundle ran passes `escape`, the one escaper of this program.
"""

from reprobundle.rendering.escaping import escape

__all__ = ["escape"]
