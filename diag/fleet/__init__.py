"""Many mailboxes at once: the inventory that names them, and the run over them."""
