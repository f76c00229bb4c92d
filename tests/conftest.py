"""Settings of all tests, made before minigrad is imported."""

import os
import signal

# Compiling takes over two seconds or not as the machine is busy: no test may see the line about it but those of it.
os.environ["MINIGRAD_PROGRESS"] = "0"

# A shell starts what it runs in the background with interrupts ignored, and the programs that tests start inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
