"""Runs: every execution a customer sees; admitted fairly, carried out at least once, recorded."""
