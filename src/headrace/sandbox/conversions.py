"""What an account counts as a conversion: actions that everybody has, and some of its own."""

from dataclasses import dataclass
from functools import lru_cache

from headrace.sandbox.network import NetworkAccount

_OWN_PERCENT = 20
_LEAST_OWN, _OWN_SPREAD = 2, 5


@dataclass(frozen=True)
class ConversionAction:
    """An action that counts as a conversion; `percent` is its share of all conversions."""

    id: str
    name: str
    category: str
    percent: int


_EVERYBODYS = (
    ConversionAction("purchase", "Purchase", "sale", 40),
    ConversionAction("sign_up", "Sign-up", "lead", 20),
    ConversionAction("contact", "Contact form sent", "lead", 12),
    ConversionAction("add_to_cart", "Added to cart", "intent", 8),
)
_OWN_NAMES = ("Newsletter", "Über uns read", "Store visit", "Trial", "Café booking", "Referral")


@lru_cache(maxsize=64)
def conversion_actions(account: NetworkAccount) -> tuple[ConversionAction, ...]:
    """Return the account's actions in a constant order; their shares add up to 100 percent."""
    own = range(_LEAST_OWN + account.seed % _OWN_SPREAD)
    return _EVERYBODYS + tuple(
        ConversionAction(
            f"custom-{account.seed % 9000 + 1000}-{number}",
            _OWN_NAMES[(account.seed + number) % len(_OWN_NAMES)],
            "custom",
            _OWN_PERCENT if number == 0 else 0,  # the others have not happened yet
        )
        for number in own
    )
