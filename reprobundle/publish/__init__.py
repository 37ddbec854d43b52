"""Where a network is needed: destinations that bundles are published to, and sources that they are pulled from.

A destination is one module that keeps the protocol of `destinations`, and a line in the table of ``cli.publish``. What
may leave this machine is decided once for all of them, in `admitting`.
"""
