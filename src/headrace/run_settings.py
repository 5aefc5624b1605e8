"""The settings of runs: attempts, bounds, limits, pacing, and how long histories are kept."""

from pydantic import Field
from pydantic_settings import BaseSettings


class RunSettings(BaseSettings):
    """The part of `settings.Settings` that runs go by."""

    run_attempts: int = Field(
        5, ge=1, le=100, description="How often a run is tried before it counts as failed."
    )
    run_attempt_minutes: int = Field(
        720,
        ge=1,
        le=100_000,
        description="How long one attempt at a run may take before it is stopped and tried again.",
    )
    run_silence_minutes: int = Field(
        60,
        ge=1,
        le=100_000,
        description="How long one attempt may show no progress, not a row read or written, before it "
        "is stopped and tried again. Longer than the longest single statement of a destination.",
    )
    isolate_reading: bool = Field(
        True,
        description="Whether connectors read in processes of their own, one for each thread of a "
        "worker: one that hangs or takes too much memory is then ended alone. Without, a worker "
        "takes less memory.",
    )
    reader_memory_mb: int = Field(
        1024,
        ge=256,
        le=1_000_000,
        description="Memory in megabytes that reading one window may take.",
    )
    runs_per_workspace: int = Field(
        8, ge=1, le=1000, description="How many runs of one workspace are carried out at once."
    )
    history_slice_seconds: int = Field(
        60,
        ge=1,
        le=86_400,
        description="How long a run reads history before it lets other runs that wait go first.",
    )
    runs_per_connection: int = Field(
        2, ge=1, le=1000, description="How many runs of one connection are carried out at once."
    )
    runs_per_credential: int = Field(
        4,
        ge=1,
        le=1000,
        description="How many runs that use one authorization at a data source are carried out at "
        "once, through however many connections.",
    )
    runs_per_app: int = Field(
        50,
        ge=1,
        le=10_000,
        description="How many runs that go through one application at a data source are carried out "
        "at once, over all workspaces.",
    )
    runs_per_destination_connection: int = Field(
        2, ge=1, le=1000, description="How many loads of one destination connection go on at once."
    )
    runs_per_destination: int = Field(
        8,
        ge=1,
        le=1000,
        description="How many loads into one database, bucket or folder go on at once, over all "
        "workspaces.",
    )
    schedule_spread_seconds: int = Field(
        60,
        ge=0,
        le=3600,
        description="Over how many seconds after a due time the schedules that share it are spread, "
        "each always by the same; at most a hundredth of their interval.",
    )
    recipe_memory_mb: int = Field(
        512,
        ge=64,
        le=1_000_000,
        description="Memory in megabytes for the rows that the build of one recipe works on; its "
        "process may have a gigabyte more.",
    )
    recipe_temp_mb: int = Field(
        4096,
        ge=0,
        le=10_000_000,
        description="Megabytes of temporary files that the build of one recipe may write.",
    )
    recipe_timeout_seconds: int = Field(
        900, ge=1, le=86_400, description="How long the build of one recipe may calculate."
    )
    recipe_rows: int = Field(
        50_000_000, ge=1, description="Rows that a recipe's data table may have."
    )
    segment_grace_minutes: int = Field(
        360, ge=1, description="How long replaced files are kept; longer than the longest load."
    )
    run_retention_days: int = Field(
        90, ge=1, description="How long the history of finished runs is kept."
    )
