"""The soak: hundreds of seeded faults on the whole local pipeline, and a table."""
