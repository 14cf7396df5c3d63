"""Settings for all tests."""

from hypothesis import settings

# Deadlines measure a busy machine more than the code.
settings.register_profile("lzp", deadline=None)
settings.load_profile("lzp")
