"""Images are pinned: ours by a tag, which a release never moves, anybody else's by its digest."""

import re
from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import OURS, containers


def images(objects: Sequence[Object]) -> Iterator[str]:
    for _, container, name in containers(objects):
        image = str(container.get("image"))
        repository, _, digest = image.partition("@")
        tag = repository.rpartition("/")[2].partition(":")[2]
        if digest:
            if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
                yield f"{name}: image {image}: its digest is none"
        elif tag in ("", "latest"):
            yield f"{name}: image {image}: name a tag that does not move"
        elif not repository.rpartition("/")[2].startswith(OURS):
            yield f"{name}: image {image}: pin it by its digest"
