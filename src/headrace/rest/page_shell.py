"""The shell of a page with one small script: what it may load, who may show it, what it tells others."""

import html
import secrets

from fastapi import Response

_SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style nonce="{nonce}">
:root {{ color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }}
body {{ max-width: 34rem; margin: 2rem auto; padding: 0 1rem; }}
label {{ display: block; margin: 1rem 0 0; }}
input, select, textarea, button {{ font: inherit; padding: .4rem; box-sizing: border-box; }}
input:not([type=checkbox]), select, textarea {{ display: block; width: 100%; }}
button {{ margin-top: 1.5rem; }}
</style>
</head>
<body>
<main aria-live="polite"><p>One moment.</p><noscript><p>This page needs scripts.</p></noscript></main>
<script type="module" nonce="{nonce}">
{script}
</script>
</body>
</html>
"""


def page(title: str, script: str, frame_ancestors: str) -> Response:
    """Answer a page that runs one script of ours and loads nothing from anywhere else.

    script: an ES module; it holds nothing of a request. frame_ancestors: who may show the page, as
    a directive of its policy. The page's address is told to nobody.
    """
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        f"connect-src 'self'; base-uri 'none'; form-action 'none'; {frame_ancestors}"
    )
    text = _SHELL.format(title=html.escape(title), nonce=nonce, script=script)
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return Response(text, headers=headers, media_type="text/html; charset=utf-8")
