"""What operators watch: gauges of the whole system, served beside what this process counted."""
