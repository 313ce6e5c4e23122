"""People who work here: accounts, roles, guards, the audit log, the console's shell."""
