"""Benchmarks: each prints `name | ours | reference | ratio`, both measured in the same run."""
