"""Where requests for a host go: straight to it, or to a proxy that the environment names."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Route:
    """To connect to `host` at `port`, under TLS where it `is_secure`.

    Of a proxy there, `tunnel` is asked first, as host and port, or else it is given whole URLs (`is_relay`);
    `headers` are for the proxy.
    """

    host: str
    port: int
    is_secure: bool
    is_relay: bool = False
    tunnel: tuple[str, int] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def route_to(url: httpx.URL) -> Route:
    """The route by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. Raises httpx.ProxyError for one of no use."""
    port = url.port or _PORTS[url.scheme]
    is_secure = url.scheme == "https"
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.host):
        return Route(url.host, port, is_secure)
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    schemes = ["http"] if is_secure else ["http", "https"]  # no TLS within TLS
    if not parts.hostname or parts.scheme not in schemes:
        valid = " or ".join(f"{scheme}://host:port" for scheme in schemes)
        raise httpx.ProxyError(f"the environment's proxy for {url.scheme} is not spelt {valid}")
    headers = {}
    if parts.username:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
    at = (parts.hostname, parts.port or _PORTS[parts.scheme])
    if is_secure:
        return Route(*at, is_secure=True, tunnel=(url.host, port), headers=headers)
    return Route(*at, is_secure=parts.scheme == "https", is_relay=True, headers=headers)
