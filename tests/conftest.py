"""What all tests need."""

import signal

# Some tests send Ctrl-C to processes that they start. A shell that starts the tests in the
# background makes them ignore it, and what is ignored is inherited; a handler is not.
signal.signal(signal.SIGINT, signal.default_int_handler)
