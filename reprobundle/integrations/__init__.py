"""Callbacks for training libraries: one line for the user, a thin caller of `reprobundle.capture` each.

``reprobundle.integrations.transformers`` for its ``Trainer``, ``reprobundle.integrations.lightning`` for Lightning's.
"""
