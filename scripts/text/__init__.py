"""The book as text: its chapters, and what stands where in them. Standard library only."""
