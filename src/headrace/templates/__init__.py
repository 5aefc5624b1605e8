"""Extract templates: ready-made choices of a report and its fields."""
