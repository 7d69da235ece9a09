"""A Cloud Storage emulator."""

from emulators.storage.server import StorageEmulator

__all__ = ["StorageEmulator"]
