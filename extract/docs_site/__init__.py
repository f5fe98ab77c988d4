"""A site of two pages for people without a shell: the report, and dbt's documentation with the lineage."""
