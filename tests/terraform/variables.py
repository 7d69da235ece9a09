"""The root's variables as they are written."""

import re

from tests.terraform.driver import REPOSITORY

TEXT = (REPOSITORY / "terraform/variables.tf").read_text()
BLOCKS = {
    block[1]: block[2]
    for block in re.finditer(r'(?ms)^variable "(\w+)" \{\n(.*?)^\}', TEXT)
}
"""Name of a variable -> the lines of its block."""
