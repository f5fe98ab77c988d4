{#- Out: the day, in UTC, on which the source made a change. A stream is read in the order of its changes, so a day is over
    when a change of a later one has come, and what is new touches the newest days only. A time that cannot be read, or
    lies in the future of the answer that brought it, is the time of that answer. -#}
{% macro changed_on() -%} {{ utc_date('least(updated_at, extracted_at)') }} {%- endmacro %}
