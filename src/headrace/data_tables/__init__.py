"""Data tables: where extracts put rows; their columns, freshness and samples."""
