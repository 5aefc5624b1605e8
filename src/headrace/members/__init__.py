"""Users of an agency, and who of them works in which workspace as what."""
