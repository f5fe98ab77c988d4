"""podFailurePolicy knows the exit codes: what trying again cannot mend fails at once, what it can is tried again."""

from collections.abc import Iterator, Sequence

from extract.errors import Exit
from tests.k8s.manifests import Object
from tests.k8s.objects import dig, pods

AT_ONCE = {Exit.FAILED, Exit.CONFIGURATION}
AGAIN = {Exit.UNREACHABLE, Exit.LEASE_HELD}


def exit_codes(objects: Sequence[Object]) -> Iterator[str]:
    for pod in pods(objects):
        if pod.owner["kind"] not in ("Job", "CronJob"):
            continue
        rules = dig(pod.job, "podFailurePolicy", "rules") or [{}]
        conditions = [each.get("type") for each in dig(rules[0], "onPodConditions")]
        if rules[0].get("action") != "Ignore" or conditions != ["DisruptionTarget"]:
            yield f"{pod.name}: the first rule of podFailurePolicy has to ignore DisruptionTarget"
        by_index = "backoffLimitPerIndex" in pod.job
        fails = codes(rules, "FailIndex" if by_index else "FailJob")
        if fails != AT_ONCE:
            yield f"{pod.name}: fails at once for {shown(fails)}: it has to be {shown(AT_ONCE)}"
        counted = codes(rules, "Count")
        if counted != AGAIN:
            yield f"{pod.name}: counts {shown(counted)}: it has to be {shown(AGAIN)}"
        if not by_index and not pod.job.get("backoffLimit"):
            yield f"{pod.name}: without a backoffLimit nothing is tried again"


def codes(rules: Sequence[Object], action: str) -> set[int]:
    return {
        code
        for rule in rules
        if rule.get("action") == action and dig(rule, "onExitCodes", "operator") == "In"
        for code in rule["onExitCodes"]["values"]
    }


def shown(values: set[int]) -> str:
    return ", ".join(str(int(value)) for value in sorted(values)) or "none"
