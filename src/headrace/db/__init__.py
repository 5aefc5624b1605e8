"""The database: its engine and sessions, the embedded server, migrations, sealed columns."""
