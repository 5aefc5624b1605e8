"""The kinds of destination, one folder each."""
