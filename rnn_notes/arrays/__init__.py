"""The arrays of all networks: what is checked when it comes in, and named weights."""
