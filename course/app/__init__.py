"""What runs the course: the commands, the set-up, the board. No lesson needs any of it."""
