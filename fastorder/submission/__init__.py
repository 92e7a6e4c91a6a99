"""An order made ready: its key, its tag, its bytes, its intent on disk, and off."""
