"""The s3 destination: CSV, JSON lines or Parquet in a bucket of any S3-compatible service."""

from headrace.loaders.targets.s3.loader import S3Loader

LOADER = S3Loader()
