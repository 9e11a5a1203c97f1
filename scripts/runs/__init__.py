"""The program at work: what is run so that the book can speak of it."""
