"""Sleep and wake where nobody stages: estimated from EEG, EOG and chin, revised, and said to be estimated.

Nothing is estimated from the legs: kicks that are read as wake make the index worse than no stages at all.
"""
