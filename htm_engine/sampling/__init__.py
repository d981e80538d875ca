"""What drawing knows of how parents and children depend on each other."""
