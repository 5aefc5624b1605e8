"""The local_files destination: CSV, JSON lines or Parquet in a folder of this server."""

from headrace.loaders.targets.local_files.loader import LocalFilesLoader

LOADER = LocalFilesLoader()
