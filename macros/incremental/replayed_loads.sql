{#- The condition that a row of ops.loads, aliased `loads`, is one that a base model takes again (see replayed_days). -#}
{% macro replayed_loads(stream) -%}
    {%- set days = replayed_days() -%}
    loads.source = '{{ stream.split('.')[0] }}' and loads.stream = '{{ stream.split('.')[1] }}'
    and loads.loaded_on between date '{{ days['from'] }}' and date '{{ days['to'] }}'
    and loads.load_order <= {{ taken_ranges()[stream].to }}
{%- endmacro %}
