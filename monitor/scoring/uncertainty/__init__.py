"""How sure a number is: statistical error, missed movements, the end of the night, several nights.

Pure functions of the scorer's input and output. Nothing here changes a count or an index.
"""
