"""Settings of all tests, made before minigrad is imported."""

import os

# Compiling takes over two seconds or not as the machine is busy: no test may see the line about it but those of it.
os.environ["MINIGRAD_PROGRESS"] = "0"
