"""Checks before a deployment, the Terraform root, and other programs."""
