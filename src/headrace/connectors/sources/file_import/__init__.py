"""The `file_import` data source: files from the web, S3 or an opened folder, one account each."""

from headrace.connectors.sources.file_import.connector import FileImport

CONNECTOR = FileImport()
