"""A thin port over the job engine (procrastinate): deferring in the caller's transaction, working."""
