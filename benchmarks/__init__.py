"""What is measured, each in a module of its own; `make bench` runs them all."""
