"""The demo: a small genome in true coordinates, reads of a synthetic cohort, and the truth beside them.

Nothing here imports the stages that are tested with it, so that the truth stays apart from the answers.
"""
