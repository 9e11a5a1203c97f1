# Tangled from docs/8-the-tool/04-the-command-line.md by scripts/tangle.py: edit the chapters, not this file. [sha256:4830aa001cfc27a1]
"""The ladder: six programs, each a little nearer to a GPT, of which the last is the package itself."""
