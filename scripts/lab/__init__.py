"""The lab: the book's own program in the reader's browser, with what the reader changed. See lab/worker.js."""
