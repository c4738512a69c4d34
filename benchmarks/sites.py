"""The sites that are crawled: documentation packages of Debian, served by nginx on loopback, as the user we are."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
WAIT_S = 10.0

CONFIGURATION = """\
daemon off;
master_process off;
pid {work}/nginx.pid;
error_log {work}/error.log warn;
events {{ worker_connections 256; }}
http {{
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 60;
  keepalive_requests 1000000;
  client_body_temp_path {work}/body;
  proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi;
  scgi_temp_path {work}/scgi;
  server {{ listen 127.0.0.1:{port}; root {root}; index index.html; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Site:
    name: str
    package: str
    root: Path
    #: what it is to a crawler
    kind: str
    #: CPU of ``bewaar crawl --no-extract``, in times wget's, that is not to be passed
    cpu_target: float

    def files(self) -> dict[str, Path]:
        """Every file by the path it is served under."""
        return {f"/{path.relative_to(self.root)}": path for path in sorted(self.root.rglob("*")) if path.is_file()}


SITES = (
    Site("gimp", "gimp-help-en", Path("/usr/share/gimp/2.0/help/en"), "image-heavy", 2.5),
    Site("postgresql", "postgresql-doc-15", Path("/usr/share/doc/postgresql-doc-15/html"), "HTML-heavy", 3.5),
)


def missing_packages(sites: list[Site]) -> list[str]:
    """Debian packages to install before anything can be measured."""
    programs = [name for name, found in (("nginx", Path(NGINX).exists()), ("wget", shutil.which("wget"))) if not found]
    return programs + [site.package for site in sites if not (site.root / "index.html").exists()]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def served(site: Site, work: Path) -> Iterator[int]:
    """nginx on *site*, as the user we are; its port."""
    port = free_port()
    work.mkdir()
    configuration = work / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(work=work, port=port, root=site.root), encoding="utf-8")
    with _running("nginx", [NGINX, "-p", str(work), "-c", str(configuration), "-e", str(work / "error.log")], port):
        yield port


@contextmanager
def delayed(port: int, delay_ms: int) -> Iterator[int]:
    """A proxy in front of *port* that holds the first byte of every answer back; its port. Without a delay none."""
    if not delay_ms:
        yield port
        return
    front = free_port()
    script = Path(__file__).with_name("latency.py")
    with _running("the delay proxy", [sys.executable, str(script), str(front), str(port), str(delay_ms)], front):
        yield front


@contextmanager
def _running(name: str, command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        _await(name, process, port)
        yield
    finally:
        process.terminate()
        process.wait()


def _await(name: str, process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"{name} does not answer on port {port}")
