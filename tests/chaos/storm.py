"""The faults: one after another, chosen by chance, each for a while."""

import random
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from chaos.house import House
from chaos.proxy import BadLine
from chaos.tally import Tally
from chaos.weather import Mood
from fakes.receiver import Reply

ACCOUNTS = ("demo-1001", "demo-1002", "demo-1003", "demo-1004", "demo-1005")
UTC_ACCOUNTS = ("demo-restating", "demo-drifting", "huge-300")
_BALLAST_BYTES = 1_000_000
_GENTLE = (Mood.LIMITED, Mood.BROKEN, Mood.SLOW, Mood.CUT)


class Storm:
    """Breaks something, waits, mends it, and breaks the next thing, until it is over."""

    def __init__(self, house: House, tally: Tally, chance: random.Random) -> None:
        self._house = house
        self._tally = tally
        self._chance = chance
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._blow, args=(faults, rest), daemon=True)
            for faults, rest in ((self._of_processes(), 3.0), (self._of_surroundings(), 1.0))
        ]
        self.broken: list[BaseException] = []

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Mend what is broken, and break nothing more.

        Raises:
            RuntimeError: if the storm itself went wrong.
        """
        self._over.set()
        for thread in self._threads:
            thread.join()
        for line in self._house.lines:
            line.heal()
        self._house.network.clear_up()
        self._house.receiver.always = None
        if self.broken:
            raise RuntimeError("the storm itself went wrong") from self.broken[0]

    def _blow(self, faults: dict[str, tuple[int, Callable[[], object]]], rest: float) -> None:
        names, weights = list(faults), [weight for weight, _ in faults.values()]
        try:
            while not self._wait(self._chance.uniform(0, 2 * rest)):
                (name,) = self._chance.choices(names, weights)
                if faults[name][1]() is not False:
                    self._tally.count("faults", name)
        except BaseException as broken:
            self.broken.append(broken)
            raise

    def _wait(self, seconds: float) -> bool:
        """Wait a while; whether the storm is over."""
        return self._over.wait(seconds)

    # What can happen to processes; weights, then what is done.

    def _of_processes(self) -> dict[str, tuple[int, Callable[[], object]]]:
        faults: dict[str, tuple[int, Callable[[], object]]] = {
            "worker killed": (6, lambda: self._kill(self._house.workers, signal.SIGKILL)),
            "web killed": (2, lambda: self._kill(self._house.webs, signal.SIGKILL)),
            "worker told to end": (2, lambda: self._kill(self._house.workers, signal.SIGTERM)),
            "worker frozen": (4, lambda: self._freeze(self._house.workers, 12)),
            "web frozen": (1, lambda: self._freeze(self._house.webs, 4)),
        }
        if self._house.databases.breakable is not None:
            for mode, weight in (("fast", 1), ("immediate", 1)):
                faults[f"database restarted ({mode})"] = (
                    weight,
                    lambda mode=mode: self._house.databases.restart(mode),  # type: ignore[misc]
                )
        return faults

    def _kill(self, among: Iterable[str], number: int) -> None:
        name = self._chance.choice(list(among))
        self._house.end(name, number)
        self._wait(self._chance.uniform(0, 3))
        self._house.start(name)

    def _freeze(self, among: Iterable[str], seconds: float) -> None:
        name = self._chance.choice(list(among))
        self._house.signal(name, signal.SIGSTOP)
        self._wait(self._chance.uniform(0.5, seconds))
        self._house.signal(name, signal.SIGCONT)

    # What can happen around them.

    def _of_surroundings(self) -> dict[str, tuple[int, Callable[[], object]]]:
        house = self._house
        return {
            "network: a mood": (12, self._change_mood),
            "network: a day passes": (2, house.network.let_a_day_pass),
            "network: line cut": (4, house.to_network.cut),
            "network: line slow": (2, lambda: self._slow(house.to_network)),
            "network: line down": (1, lambda: self._down(house.to_network)),
            "warehouse: line cut": (4, house.to_warehouse.cut),
            "warehouse: line slow": (2, lambda: self._slow(house.to_warehouse)),
            "warehouse: line down": (1, lambda: self._down(house.to_warehouse)),
            "own database: line cut": (2, house.to_database.cut),
            "own database: line down": (1, lambda: self._down(house.to_database)),
            "receiver fails": (2, self._receiver_fails),
            "disk full": (2, self._fill_disk),
        }

    def _change_mood(self) -> None:
        mood = self._chance.choice(list(Mood))
        accounts = UTC_ACCOUNTS + (ACCOUNTS if mood in _GENTLE else ())
        account = self._chance.choice(accounts)
        self._house.network.be(account, mood)
        self._tally.count("moods", mood.value)
        self._wait(self._chance.uniform(0.5, 6))
        self._house.network.be(account, None)

    def _slow(self, line: BadLine) -> None:
        line.delay_seconds, line.piece_bytes = 0.005, self._chance.choice((200, 1_000, 4_000))
        self._wait(self._chance.uniform(0.5, 4))
        line.heal()

    def _down(self, line: BadLine) -> None:
        line.is_down = True
        line.cut()
        self._wait(self._chance.uniform(0.5, 5))
        line.heal()

    def _receiver_fails(self) -> None:
        self._house.receiver.always = Reply(status=500)
        self._wait(self._chance.uniform(0.5, 4))
        self._house.receiver.always = None

    def _fill_disk(self) -> bool:
        """Leave no room on the small disk for a while; False where there is none."""
        if self._house.disk is None:
            return False
        ballast = self._house.disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(_BALLAST_BYTES)):
                pass
        self._wait(self._chance.uniform(0.5, 5))
        ballast.unlink()
        return True


def pass_time(seconds: float, tell: Callable[[float], None]) -> None:
    """Wait, telling every second how much is left."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        tell(left)
        time.sleep(min(1.0, left))
