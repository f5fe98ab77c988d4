"""Two pages for people without a shell: how things stand, and dbt's documentation with the lineage."""
