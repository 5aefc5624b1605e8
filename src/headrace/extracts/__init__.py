"""Extracts: a template applied to one account, on a schedule, into a data table."""
