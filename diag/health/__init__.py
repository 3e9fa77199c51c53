"""What a run over many mailboxes found, how that differs from the run before, and the report of it; pure."""
