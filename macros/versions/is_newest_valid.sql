{#- The condition that a row of a base model (aliased `versions`) is the newest valid version of its key: no valid row
    of the key has a higher version. Copies of one version, which overlapping reads bring, count as the first seen, so
    that reading them again changes nothing. In: the base model's relation, the key's columns, the version column. -#}
{% macro is_newest_valid(base, key, version='version') -%}
    versions.violations = '{}'
    and not exists (
        select 1
        from {{ base }} as newer
        where newer.violations = '{}'
            {%- for column in key %}
            and newer.{{ column }} = versions.{{ column }}
            {%- endfor %}
            and (newer.{{ version }}, -newer.load_order, -newer.load_position)
            > (versions.{{ version }}, -versions.load_order, -versions.load_position)
    )
{%- endmacro %}
