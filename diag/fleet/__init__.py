"""Many mailboxes: their inventory, the run over them, and what that run shares."""
