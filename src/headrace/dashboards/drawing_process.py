"""The process that draws for `drawing`: a request a line on standard input, an answer a line."""

import json
import os
import resource
import sys
from typing import Any, Literal

import vl_convert

_DATA_BYTES = 2 * 1024**3
_LOCALES: dict[str, Literal["de-DE", "en-GB"]] = {"de": "de-DE", "en": "en-GB"}


def main() -> None:
    """Answer requests until standard input ends."""
    # Beyond this the process is ended, and the next picture is drawn by another one.
    resource.setrlimit(resource.RLIMIT_DATA, (_DATA_BYTES, _DATA_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        answer = _answer(json.loads(line))
        output.write(json.dumps(answer).encode() + b"\n")
        output.flush()


def _answer(request: dict[str, Any]) -> dict[str, str]:
    try:
        if request["kind"] == "png":
            picture = vl_convert.svg_to_png(request["svg"], scale=request["scale"])
            return {"drawn": picture.hex()}
        language = request["locale"].partition("-")[0]
        # No address is allowed: all that a chart shows is in its specification.
        drawn = vl_convert.vegalite_to_svg(
            request["spec"],
            allowed_base_urls=[],
            time_format_locale=_LOCALES.get(language, "en-GB"),
            format_locale=_LOCALES.get(language, "en-GB"),
        )
    except ValueError as error:
        return {"refused": str(error)[:500]}
    return {"drawn": drawn}


if __name__ == "__main__":
    main()
