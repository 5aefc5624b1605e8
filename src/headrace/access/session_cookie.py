"""The cookie of a browser session: one place that says how browsers may use it."""

from fastapi import Response

from headrace.access.authentication import COOKIE_NAME


def give(answer: Response, secret: str, public_address: str) -> None:
    """Give an answer the cookie: out of scripts' reach, and over https alone where we have it."""
    answer.set_cookie(
        COOKIE_NAME,
        secret,
        httponly=True,
        secure=public_address.startswith("https://"),
        samesite="lax",
        path="/",
    )


def take_back(answer: Response) -> None:
    """Have the browser forget the cookie."""
    answer.delete_cookie(COOKIE_NAME, path="/")
