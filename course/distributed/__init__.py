"""Training with several processes at once, as lesson 14 shows it."""
