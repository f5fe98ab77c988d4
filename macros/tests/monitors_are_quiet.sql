{#- The verdicts that are no `ok`, of the newest days: a monitor stays red while the day that it warns of is news. In:
    days, how many days back from the newest one are looked at; verdicts, which of them count; monitors, which of them
    are asked, all where none is named. warn_if and error_if in its config say what follows from how many. -#}
{% test monitors_are_quiet(model, days=1, verdicts=['warn', 'error'], monitors=[]) %}
    select reason, measured_on, verdict
    from {{ model }}
    where measured_on >= (select max(newest.measured_on) from {{ model }} as newest) - {{ days }}
        and verdict in ('{{ verdicts | join("', '") }}')
        {%- if monitors %}
        and monitor in ('{{ monitors | join("', '") }}')
        {%- endif %}
{% endtest %}
