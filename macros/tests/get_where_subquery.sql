{#- Lets a test say `where: __new_rows__`: only the rows that came with the newest loads its model has taken, so that a
    test costs what the new rows cost. Whole-table tests run in the nightly selector. -#}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if not where -%}
        {{ return(relation) }}
    {%- endif -%}
    (select * from {{ relation }} where {{ where | replace('__new_rows__', new_rows(relation)) }}) as dbt_subquery
{%- endmacro %}
