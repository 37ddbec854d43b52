"""Callbacks for training libraries: one line for the user, a thin caller of `reprobundle.capture` each.

``reprobundle.integrations.transformers`` for its ``Trainer``, ``reprobundle.integrations.lightning`` for Lightning's.
``reprobundle.integrations.pytest_plugin`` lets a test replay a bundle; pytest finds it by itself.
"""
