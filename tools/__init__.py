"""Programs for those who work on diag; none of them is shipped."""
