"""Plain text: the bytes of a secret in, what its owner meant out.

A token is pasted into an editor that adds a byte order mark, saved as UTF-16 by a
shell that redirects so, quoted as in an .env file, or piped with a line break.
"""

import codecs

_QUOTES = "\"'"
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def plain(data: bytes) -> str:
    """Return the text, without mark, blanks around it, and quotes; ValueError if none.

    What is left is the caller's to judge: nothing within it is changed.
    """
    text = _decoded(data).strip().strip("\0").strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
        text = text[1:-1].strip()
    return text


def _decoded(data: bytes) -> str:
    for mark, encoding in _UTF_16.items():
        if data.startswith(mark):
            rest = data.removeprefix(mark)
            # A shell drops the zero bytes of what it reads, and keeps the mark.
            return rest.decode(encoding if 0 in rest else "ascii")
    if 0 in data:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be")
    return data.decode("utf-8-sig")
