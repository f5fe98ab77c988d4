"""Which image and revision this process is: what the image or the pod says of itself."""

import os


def image() -> str | None:
    """The image with its tag, from ELT_IMAGE; None outside of one."""
    return os.environ.get("ELT_IMAGE") or None


def revision() -> str | None:
    """The commit that the image was built from, from ELT_REVISION; None outside of one."""
    return os.environ.get("ELT_REVISION") or None
