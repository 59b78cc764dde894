"""What every part may know: facts, errors, clock, rules, configuration and the words for them."""
