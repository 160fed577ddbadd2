"""What is measured, one module a section; each has ``run(quick)``, which gives JSON."""
