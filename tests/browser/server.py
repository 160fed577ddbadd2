"""A static web server as hosts run them: compressed texts, a 404 page, validators.

``python tests/browser/server.py FOLDER [PORT]`` serves a folder on 127.0.0.1.
"""

from __future__ import annotations

import gzip
import mimetypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

TEXTS = ("text/", "application/json", "application/javascript", "image/svg")
TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".whl": "application/zip"}
TYPES |= {".wasm": "application/wasm", ".woff2": "font/woff2"}


@lru_cache(maxsize=512)
def body(path: Path, changed: int) -> tuple[bytes, str, bool]:
    """The bytes of a file, its type, and whether they are compressed."""
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    kind = kind or "application/octet-stream"
    small = kind.startswith((*TEXTS, "application/wasm"))
    data = path.read_bytes()
    return (gzip.compress(data, 6, mtime=0) if small else data), kind, small


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD from one folder."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: object, folder: Path) -> None:
        self.folder = folder.resolve()
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = (self.folder / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        path = path / "index.html" if path.is_dir() else path
        status = HTTPStatus.OK
        if not path.is_file() or self.folder not in path.parents:
            status, path = HTTPStatus.NOT_FOUND, self.folder / "404.html"
        data, kind, small = b"not found", "text/plain", False
        if path.is_file():
            data, kind, small = self.read(path)
        tag = f'"{sha256(data).hexdigest()[:16]}"'
        if status == HTTPStatus.OK and self.headers.get("If-None-Match") == tag:
            status, data = HTTPStatus.NOT_MODIFIED, b""
        self.send_response(status)
        text = kind.startswith(TEXTS)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("ETag", tag)
        if small and data:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_HEAD = do_GET

    def read(self, path: Path) -> tuple[bytes, str, bool]:
        """What is sent of a file: see ``body``."""
        return body(path, path.stat().st_mtime_ns)

    def log_message(self, *args: object) -> None:
        """Log nothing."""


class Server(ThreadingHTTPServer):
    """A server whose threads do not outlive it; visitors who leave are no error."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def served(
    folder: Path, port: int = 0, handler: type[Handler] = Handler
) -> Iterator[str]:
    """The address at which ``folder`` is served while the block runs."""
    server = Server(("127.0.0.1", port), partial(handler, folder=folder))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    with served(Path(sys.argv[1]), int((sys.argv[2:] or ["0"])[0])) as address:
        print(address, flush=True)
        sys.stdin.read()
