"""Decode the bytes of a secret into the text that its owner meant.

An editor may add a byte order mark to a token, a shell may save it as UTF-16 or add a
line break, and a line of an .env file has quotes.
"""

import codecs

_QUOTES = "\"'"
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def plain(data: bytes) -> str:
    """Return the text without mark, surrounding blanks and quotes; ValueError if none.

    Nothing within the text is changed; the caller checks what is left.
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
