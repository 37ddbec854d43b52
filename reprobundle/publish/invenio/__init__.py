"""Deposits in repositories that run InvenioRDM, of which Zenodo is one: draft, files, DOI, publication.

`servers` says whom a token is for, `speaking` is the only one who sends it, `answers` reads what comes back, `drafts` are
the calls of the interface, `depositing` is the story; `fetching` brings a record back.
"""
