"""How the tables of the store came to be: one file for each version, applied by Alembic when a store is opened."""
