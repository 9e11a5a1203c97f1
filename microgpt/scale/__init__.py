# Tangled from docs/7-growing-up/01-tables-instead-of-numbers.md by scripts/tangle.py: edit the chapters, not this file. [sha256:ab515ef5e426544d]
"""The same model, faster and larger: each module needs a package that the rest of microgpt does without."""
