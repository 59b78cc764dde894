"""Definitions shared by all packages: facts, errors, clock, rules, configuration, units, wording."""
