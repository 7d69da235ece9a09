"""What two functions share: data types, settings, logs, one module per vendor."""
