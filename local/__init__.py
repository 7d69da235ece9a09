"""The local stack of emulators and functions, and the demo."""
