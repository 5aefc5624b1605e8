"""Functions that SQL of a recipe may call: each looks at its arguments and at nothing else.

Left out on purpose: all that reads files, settings, variables or catalogues; sequences; `query`;
and what makes much of little in one call (`repeat`, `range` as a value, `printf`), for DuckDB does
not count such memory against its limit.
"""

_NAMES = {
    "operators": """
        + - * / // % ** ^ || ~~ !~~ ~~* !~~* ~~~ like_escape not_like_escape ilike_escape
        not_ilike_escape regexp_matches regexp_full_match
    """,
    "numbers": """
        abs ceil ceiling exp floor greatest least ln log log10 log2 mod pow power round sign sqrt
        trunc isnan isinf isfinite divide fdiv add subtract multiply
    """,
    "text": """
        ascii chr concat concat_ws contains ends_with suffix starts_with prefix initcap instr
        position strpos left right length len char_length character_length strlen lower lcase upper
        ucase ltrim rtrim trim lpad rpad replace translate reverse split_part split string_split
        str_split string_to_array substring substr regexp_extract regexp_replace md5 sha256 hash
        levenshtein jaro_winkler_similarity strip_accents nfc_normalize url_decode url_encode
    """,
    "dates": """
        age current_date today now current_timestamp get_current_timestamp date_add date_diff datediff
        date_part datepart date_sub datesub date_trunc datetrunc day dayname dayofmonth dayofweek
        dayofyear epoch epoch_ms hour isodow isoyear last_day make_date make_timestamp minute month
        monthname quarter second strftime strptime try_strptime time_bucket timezone to_timestamp
        to_days to_hours to_minutes to_months to_seconds to_weeks to_years to_quarters week weekday
        weekofyear year yearweek extract
    """,
    "choice": """
        coalesce if ifnull nullif nvl
    """,
    "lists": """
        list_value list_extract array_extract list_contains array_length list_concat unnest
    """,
    "aggregates": """
        any_value arbitrary arg_max arg_min argmax argmin max_by min_by approx_count_distinct avg mean
        bool_and bool_or corr count count_if countif count_star covar_pop covar_samp first last max
        median min mode product quantile quantile_cont quantile_disc stddev stddev_pop stddev_samp
        string_agg group_concat listagg sum var_pop var_samp variance
    """,
    "windows": """
        cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank
        rank_dense row_number
    """,
}

FUNCTIONS = frozenset(name for names in _NAMES.values() for name in names.split())
"""Names of functions and operators, in lower case."""

LITERAL_LENGTHS = {"lpad": 1, "rpad": 1}
"""Functions whose result is as long as an argument says, and which argument that is."""

LONGEST_PADDING = 1000
"""Characters that a text may be padded to."""
