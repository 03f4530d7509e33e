"""The lessons as files: where they are, and the ledger of what they measured."""
