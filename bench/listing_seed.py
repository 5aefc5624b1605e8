"""Fills a database for `bench.listing`: one workspace with many extracts, each with its schedule."""

from collections.abc import Sequence

import psycopg

from headrace.db.engine import plain_dsn

TABLES = 1000
"""Data tables the extracts share evenly."""

UNFINISHED_RUNS = 200

_STATEMENTS: Sequence[str] = (
    """
    INSERT INTO connection (uid, workspace_id, datasource_name, title, status, settings,
                            account_sync_mode, accounts_status)
    SELECT gen_random_uuid(), %(workspace)s, 'demo_ads', 'Customer ' || n, 'active', '{}', 'all',
           'active'
    FROM generate_series(1, 10) AS n
    """,
    """
    INSERT INTO account (workspace_id, connection_id, remote_id, title, timezone, item, is_active,
                         is_listed, enabled_for_embedded_extraction)
    SELECT %(workspace)s, connection.id, (1180230942 + n)::text, 'Account ' || n, 'UTC', '{}', true,
           true, true
    FROM connection, generate_series(1, greatest(1, %(extracts)s / %(tables)s / 10)) AS n
    """,
    """
    INSERT INTO data_table (workspace_id, title, datasource_name, report, data_class, sql_name,
                            date_field, auto_extract_new_accounts)
    SELECT %(workspace)s, 'Campaigns ' || n, 'demo_ads', 'campaign', 'daily',
           'demo_ads_campaigns_' || n, 'date', false
    FROM generate_series(1, %(tables)s) AS n
    """,
    """
    INSERT INTO extract (workspace_id, connection_id, account_id, data_table_id, template_id, title,
                         fields, settings, sync_historical_data, bad_values, is_paused, last_sync,
                         error_text)
    SELECT %(workspace)s, account.connection_id, account.id, data_table.id, template.id,
           template.title || ': ' || account.title, template.selected_fields,
           '{"attribution_window": "7d_click", "time_granularity": "day"}', current_date - 365,
           'fail', data_table.id %% 50 = 0,
           CASE WHEN data_table.id %% 7 <> 0 THEN clock_timestamp() END,
           CASE WHEN data_table.id %% 29 = 0 THEN 'The access token has expired; reconnect.' END
    FROM data_table
    CROSS JOIN account
    CROSS JOIN (SELECT * FROM extract_template WHERE datasource_name = 'demo_ads'
                ORDER BY id LIMIT 1) AS template
    ORDER BY data_table.id, account.id
    """,
    """
    INSERT INTO extract_tally (workspace_id, change)
    SELECT workspace_id, count(*) FROM extract GROUP BY workspace_id
    """,
    """
    INSERT INTO schedule (workspace_id, kind, subject_id, position, rule, anchor, due_at, is_paused)
    SELECT workspace_id, 'extract', id::text, 0,
           '{"days": 0, "hours": 6, "minutes": 30, "interval": "day", "timezone": "Europe/Berlin",
             "recurrence": 1, "lookback_window": {"name": "default"}}',
           current_date, clock_timestamp() + interval '1 day', is_paused
    FROM extract
    """,
    """
    INSERT INTO run (workspace_id, kind, subject_id, trigger, lane, limit_key, priority, params,
                     status, due_at, fence, attempt, rows_read, rows_written, rows_deleted,
                     rows_rejected, bytes_written, retries)
    SELECT workspace_id, 'extract', id::text, 'schedule', 'extract:' || id, 'connection:1', 0, '{}',
           'waiting', clock_timestamp() + interval '1 day', 0, 0, 0, 0, 0, 0, 0, 0
    FROM (SELECT * FROM extract ORDER BY id LIMIT %(runs)s) AS extract
    """,
)


def fill(database_url: str, workspace_id: int, extracts: int) -> None:
    """Store so many extracts in a workspace, and let the planner know of them."""
    values = {
        "workspace": workspace_id,
        "extracts": extracts,
        "tables": TABLES,
        "runs": UNFINISHED_RUNS,
    }
    with psycopg.connect(plain_dsn(database_url), autocommit=True) as connection:
        for statement in _STATEMENTS:
            connection.execute(statement, values)
        connection.execute("VACUUM ANALYZE")
