"""Bodies of runs and schedules."""

from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from headrace.kit.told import told

_TIMEZONES = available_timezones()
_ENGINE_NAMES = {"auto": "default", "custom_refresh_window": "custom"}
_LAST_DAY = {"hour": 0, "day": 0, "week": 6, "month": 30}


class LookbackWindow(BaseModel):
    """Which days a scheduled run covers: the template's own window, today, all, or the last N."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "default"}})

    name: Literal["default", "live", "max", "custom"] = "default"
    days: int | None = Field(
        None,
        ge=1,
        le=3660,
        exclude_if=lambda days: days is None,
        description="With `custom`: how many days; absent otherwise.",
    )

    @model_validator(mode="after")
    def _days_with_custom(self) -> "LookbackWindow":
        if (self.name == "custom") != (self.days is not None):
            raise ValueError(told("give `days` with the name `custom`, and with no other"))
        return self


class Scheduling(BaseModel):
    """When something runs (contract 3.8 and 5.1)."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    days: int = Field(
        0,
        ge=0,
        description="Day within the interval, from 0: 0 for hour and day, 0-6 for week "
        "(0 is Monday), 0-30 for month.",
    )
    hours: int = Field(0, ge=0, le=23, description="Hour of the start.")
    minutes: int = Field(0, ge=0, le=59, description="Minute of the start.")
    interval: Literal["hour", "day", "week", "month"] = "day"
    timezone: str = Field("UTC", description="IANA time zone the schedule is read in.")
    recurrence: int = Field(1, ge=1, le=366, description="Every how many intervals.")
    lookback_window: LookbackWindow = Field(
        default_factory=LookbackWindow, description="Days to extract; ignored on loads."
    )

    @model_validator(mode="before")
    @classmethod
    def _other_spelling(cls, given: Any) -> Any:
        """Accept `date_range: {"type": ...}`, the engine's spelling of `lookback_window` (A4)."""
        if isinstance(given, dict) and isinstance(given.get("date_range"), dict):
            spelled = given["date_range"]
            params = spelled.get("params") or spelled.get("param") or {}
            name = spelled.get("type", spelled.get("date_range_type", "default"))
            name = _ENGINE_NAMES.get(name, name) if isinstance(name, str) else name
            given = given | {"lookback_window": {"name": name} | params}
        return given

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in _TIMEZONES:
            raise ValueError(
                told("{value!r} is not an IANA time zone such as Europe/Berlin", value=value)
            )
        return value

    @model_validator(mode="after")
    def _day_inside_interval(self) -> "Scheduling":
        if self.days > _LAST_DAY[self.interval]:
            raise ValueError(
                told(
                    "days must be 0 to {last} when the interval is {interval}",
                    last=_LAST_DAY[self.interval],
                    interval=self.interval,
                )
            )
        if self.interval == "hour" and self.recurrence > 23:
            raise ValueError(told("recurrence must be 1 to 23 when the interval is hour"))
        return self


Status = Literal["waiting", "paused", "admitted", "running", "succeeded", "failed", "cancelled"]


class RunWindowOut(BaseModel):
    """One window of a run."""

    date_from: date | None
    date_to: date | None
    state: Literal["waiting", "reading", "done", "failed", "not_read"] = Field(
        description="`failed`: the run ended here; `not_read`: it ended before.", examples=["done"]
    )
    is_done: bool
    rows: int
    finished_at: datetime | None


class RunAttemptOut(BaseModel):
    """One attempt at a run; the last of a running one has no end yet."""

    worker: str | None = Field(
        description="Machine and process id.", examples=["worker-1.example.com:4711"]
    )
    started_at: datetime
    ended_at: datetime | None
    outcome: (
        Literal[
            "succeeded", "put_off", "tried_again", "failed", "cancelled", "paused", "worker_died"
        ]
        | None
    ) = Field(examples=["succeeded"])
    error_class: str | None
    error_text: str | None


class DateRangeOut(BaseModel):
    """Which days a run covers, by the names of the published product's engine (contract 5.2)."""

    type: Literal[
        "auto", "live", "max", "custom_refresh_window", "manual", "sync_historical", "lifetime"
    ] = Field(examples=["auto"])
    params: dict[str, Any] = Field(examples=[{}])


class RunOut(BaseModel):
    """One execution: what started it, how far it is, what came of it."""

    id: int
    kind: str = Field(examples=["extract"])
    subject_id: str = Field(description="Id of the extract, load or connection it is of.")
    trigger: str = Field(examples=["schedule"])
    date_range: DateRangeOut | None = Field(
        description="Of extracts, once planned: which days were asked for."
    )
    status: Status = Field(
        description="`failed` runs are not tried again by themselves; `paused` ones go on when what "
        "they are of is unpaused.",
        examples=["succeeded"],
    )
    due_at: datetime
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int = Field(
        description="Failures since the last progress, each followed by another try."
    )
    rows_read: int
    rows_written: int
    rows_deleted: int
    rows_rejected: int = Field(description="Values that were not what their column says, nulled.")
    bytes_written: int
    retries: int
    error_class: str | None
    error_text: str | None
    next_step: str | None = Field(description="What a person can do about a failed run.")
    replays_run_id: int | None = Field(description="The run that this one does again.")
    waits: int = Field(description="How often it was put off.")
    seconds_waited: float = Field(description="Seconds until it was due, all waits together.")
    seconds_queued: float = Field(description="Seconds from then until a worker took it.")
    seconds_reading: float
    seconds_storing: float
    progress_rows: int = Field(
        description="Rows of the part under way, noted every few seconds, not stored yet."
    )
    progress_at: datetime | None
    windows_done: int
    windows_total: int


class RunDetail(RunOut):
    """A run with its windows and attempts."""

    windows: list[RunWindowOut]
    attempts: list[RunAttemptOut]


class ReplayIn(BaseModel):
    """Which failed runs to do again: of each thing the last run, if it failed."""

    kind: str = Field(min_length=1, max_length=50, examples=["extract"])
    subject_ids: list[str] | None = Field(
        None, min_length=1, max_length=1000, description="Left out: of all.", examples=[["7"]]
    )
    error_class: str | None = Field(None, max_length=50, examples=["TryLater"])
    since: AwareDatetime | None = Field(None, description="Ended at this moment or later.")
    until: AwareDatetime | None = Field(None, description="Ended before this moment.")


class Replayed(BaseModel):
    """A run that was started, and the one that it does again."""

    run_id: int
    replays_run_id: int


class LeftOut(BaseModel):
    """A run that was not replayed, and why."""

    run_id: int
    details: str


class ReplayOut(BaseModel):
    """What a replay began."""

    started: list[Replayed]
    left_out: list[LeftOut]
    has_more: bool = Field(description="More fit than one call replays; call again.")


class DateRangeIn(BaseModel):
    """Days to run for; both or neither."""

    date_from: date | None = None
    date_to: date | None = None

    @model_validator(mode="after")
    def _both_in_order(self) -> "DateRangeIn":
        if (self.date_from is None) != (self.date_to is None):
            raise ValueError(told("give both date_from and date_to, or neither"))
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise ValueError(told("date_from must not be after date_to"))
        return self
