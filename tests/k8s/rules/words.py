"""Words that mean something to Kubernetes, and that the schemas take in any spelling."""

from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import named, walk

VALID = {
    ("concurrencyPolicy",): {"Allow", "Forbid", "Replace"},
    ("restartPolicy",): {"Always", "OnFailure", "Never"},
    ("completionMode",): {"Indexed", "NonIndexed"},
    ("podReplacementPolicy",): {"TerminatingOrFailed", "Failed"},
    ("terminationMessagePolicy",): {"File", "FallbackToLogsOnError"},
    ("imagePullPolicy",): {"Always", "IfNotPresent", "Never"},
    ("rules", "action"): {"Ignore", "FailJob", "FailIndex", "Count"},
    ("onExitCodes", "operator"): {"In", "NotIn"},
    ("onPodConditions", "status"): {"True", "False", "Unknown"},
    ("onPodConditions", "type"): {"DisruptionTarget"},
    ("matchExpressions", "operator"): {"In", "NotIn", "Exists", "DoesNotExist"},
    ("seccompProfile", "type"): {"RuntimeDefault", "Localhost", "Unconfined"},
    ("strategy", "type"): {"Recreate", "RollingUpdate"},
    ("policyTypes",): {"Ingress", "Egress"},
    ("accessModes",): {"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"},
    ("ports", "protocol"): {"TCP", "UDP", "SCTP"},
}


def words(objects: Sequence[Object]) -> Iterator[str]:
    for each in objects:
        for path, value in walk(each):
            for ending, valid in VALID.items():
                if isinstance(value, str) and path[-len(ending) :] == ending and value not in valid:
                    place = ".".join(path)
                    yield f"{named(each)}: {place}: {value}: valid are {', '.join(sorted(valid))}"
