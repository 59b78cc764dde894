"""Score thousands of recordings: a ledger of finished work, a cluster, one table of results."""
