"""The https reader against servers of all kinds on 127.0.0.1; through tests/tool/zip_tool.c and the libcurl of this machine."""
import contextlib
import ctypes.util
import http.server
import os
import random
import re
import ssl
import subprocess
import threading
import time
import zipfile

import pytest

from conftest import BUILD

TOOL = BUILD / "tests/tool/zip_tool"

pytestmark = pytest.mark.skipif(not ctypes.util.find_library("curl") and not any(ctypes.util.find_library(f"curl-{v}") for v in ("gnutls", "nss")),
                                reason="libcurl is not installed")
BIG = random.Random(1).randbytes(20_000_000)
TEXT = b"__version__ = '2.8.0+cu128'\n"


class Handler(http.server.BaseHTTPRequestHandler):
    """The first folder of the path says how the server behaves."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.server.connections += 1

    def plain(self, code, body=b"", **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def do_GET(self):
        self.server.paths.append((self.path, self.headers.get("Range")))
        n = len(self.server.paths)
        how = self.path.split("/")[1]
        data = self.server.data
        if how == "redirect":  # /redirect/3/x.whl
            left = int(self.path.split("/")[2])
            return self.plain(302, Location=f"/redirect/{left - 1}/x.whl" if left else "/ok/x.whl?signature=1")
        if how == "loop":
            return self.plain(302, Location="/loop/x.whl")
        if how == "plain-http":
            return self.plain(302, Location=self.server.other)
        if how.isdigit():
            return self.plain(int(how), b"a page about it")
        if how == "whole":
            return self.plain(200, data)
        if how == "changes" and n > 1:
            data = data + b"x"
        m = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        first, last = m.groups()
        if not first:
            if how == "nosuffix":
                return self.plain(400, b"what?")
            first, last = max(0, len(data) - int(last)), len(data) - 1
        first, last = int(first), min(int(last), len(data) - 1)
        if how == "other" and n > 1:
            first, last = first + 1, last + 1
        if how == "shorter" and n > 1:
            last -= 1
        body = data[first:last + 1]
        self.send_response(206)
        if how != "unsaid":
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("ETag", '"2"' if how == "etag" and n > 1 else '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if how == "cut" and n > 1:
            self.wfile.write(body[:len(body) // 2])
            self.close_connection = True
            return None
        if how == "stalls" and n > 1:
            self.wfile.write(body[:10])
            self.wfile.flush()
            self.server.stop.wait(20)
            return None
        with contextlib.suppress(OSError):
            self.wfile.write(body)
        return None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


def start(data, context=None):
    s = Server(("127.0.0.1", 0), Handler)
    s.data, s.paths, s.connections, s.stop, s.other = data, [], 0, threading.Event(), ""
    if context:
        s.socket = context.wrap_socket(s.socket, server_side=True)
    threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return s


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("http") / "x.whl"
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("torch/lib/big.so", BIG)
        for i in range(3000):
            z.writestr(f"torch/include/ATen/ops/some_operator_{i}_native.h", b"")
        z.writestr("torch/version.py", TEXT, compress_type=zipfile.ZIP_DEFLATED)
        z.writestr("torch/include/more", BIG[:200_000])
    return path.read_bytes()


@pytest.fixture
def server(archive):
    s = start(archive)
    yield s
    s.stop.set()
    s.shutdown()
    s.server_close()


def tool(s, path, *args, scheme="http", **env):
    clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and k != "CURL_CA_BUNDLE"}
    return subprocess.run([str(TOOL), f"{scheme}://127.0.0.1:{s.server_address[1]}/{path}", *args], capture_output=True, stdin=subprocess.DEVNULL, timeout=60,
                          env={**clean, **env}, check=False)


def received(r):
    m = re.search(rb"received (\d+) bytes in (\d+) requests", r.stderr)
    return int(m.group(1)), int(m.group(2))


def refused(r, *words):
    assert r.returncode == 1, r.stdout[:200] + r.stderr
    assert r.stdout == b""
    for w in words:
        assert w.encode() in r.stderr, r.stderr


def test_a_small_member_costs_little(server, archive):
    r = tool(server, "ok/x.whl", "cat", "torch/version.py")
    assert r.returncode == 0 and r.stdout == TEXT, r.stderr
    n, requests = received(r)
    directory = archive.index(b"PK\1\2")
    assert n <= len(archive) - directory + 2 * 65536 and requests <= 4
    assert server.connections == 1
    assert [p[1] for p in server.paths][0] == "bytes=-65536"


def test_a_large_member_is_streamed_in_few_requests(server, archive):
    r = tool(server, "ok/x.whl", "cat", "torch/lib/big.so")
    assert r.returncode == 0 and r.stdout == BIG
    n, requests = received(r)
    assert requests <= 10 and n < len(archive) * 1.05
    assert server.connections == 1


def test_reading_everything_fetches_nothing_twice(server, archive):
    r = tool(server, "ok/x.whl", "check")
    assert r.returncode == 0, r.stderr
    n, requests = received(r)
    assert n < len(archive) + 8 * 65536 and requests < 40


def test_small_files(archive, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("a", b"text")
    s = start(path.read_bytes())
    r = tool(s, "ok/a.zip", "cat", "a")
    assert r.returncode == 0 and r.stdout == b"text" and received(r) == (path.stat().st_size, 1)
    s.shutdown()


def test_server_without_suffix_ranges(server):
    r = tool(server, "nosuffix/x.whl", "cat", "torch/version.py")
    assert r.returncode == 0 and r.stdout == TEXT, r.stderr


def test_redirects_are_followed_once(server):
    r = tool(server, "redirect/4/x.whl", "cat", "torch/version.py")
    assert r.returncode == 0 and r.stdout == TEXT, r.stderr
    assert [p[0] for p in server.paths[5:]] == ["/ok/x.whl?signature=1"] * (len(server.paths) - 5)


@pytest.mark.parametrize("path", ["redirect/9/x.whl", "loop/x.whl"])
def test_too_many_redirects(server, path):
    refused(tool(server, path, "list"), "redirects again and again", "/x.whl")
    assert len(server.paths) <= 7


@pytest.mark.parametrize("how, words", [
    ("404", "answers 404 (there is no such file)"), ("403", "answers 403"), ("401", "asks for a login"), ("503", "503 (the server is in trouble)"),
    ("whole", "does not answer requests for a part"), ("unsaid", "which part"), ("204", "answers 204"),
    ("changes", "changed while it was read"), ("etag", "changed while it was read"), ("other", "another part"),
])
def test_refusals(server, how, words):
    r = tool(server, f"{how}/x.whl?token=secret", "cat", "torch/version.py")
    refused(r, words, f"/{how}/x.whl")
    assert b"secret" not in r.stderr and len(server.paths) <= 2


@pytest.mark.parametrize("how", ["cut", "shorter"])
def test_cut_short(server, how):
    r = tool(server, f"{how}/x.whl", "list")
    assert r.returncode == 1 and b"/x.whl: " in r.stderr and r.stdout == b""


def test_whole_file_is_not_downloaded(archive):
    s = start(archive)
    refused(tool(s, "whole/x.whl", "list"), "part of the file")
    assert len(s.paths) == 2  # the second asks for one byte
    s.shutdown()


def test_a_server_that_stalls(server):
    before = time.monotonic()
    refused(tool(server, "stalls/x.whl", "list", ZIP_TOOL_STALL="1"), "/stalls/x.whl: ", "1 bytes/sec")
    assert time.monotonic() - before < 10


def test_nobody_there(server):
    s = start(b"")
    s.shutdown()
    s.server_close()
    refused(tool(s, "x.whl", "list"), "/x.whl: ", "connect")


def test_stopped_by_the_user(server):
    r = tool(server, "ok/x.whl", "check", "torch/lib/big.so", ZIP_TOOL_STOP="3000000")
    refused(r, "/ok/x.whl: stopped")
    assert received(r)[0] < 4_000_000


@pytest.mark.parametrize("url, words", [
    ("http://example.com/x.whl", "only https"), ("http://127.0.0.1.example.com/x.whl", "only https"), ("http://localhost@example.com/", "only https"),
    ("https://a b/", "no https address"), ("http://user:secret@example.com/x?y=secret#z", "http://example.com/x: only https"),
])
def test_addresses(url, words):
    r = subprocess.run([str(TOOL), url, "list"], capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    refused(r, words)
    assert b"secret" not in r.stderr


def test_no_libcurl(server):
    refused(tool(server, "ok/x.whl", "list", ZIP_TOOL_CURL="/nonexistent/libcurl.so.4"), "needs libcurl")
    refused(tool(server, "ok/x.whl", "list", ZIP_TOOL_CURL="libc.so.6"), "lacks a function")
    assert not server.paths


@pytest.mark.parametrize("library", ["libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4"])
def test_each_libcurl(server, library):
    try:
        ctypes.CDLL(library)
    except OSError:
        pytest.skip(f"{library} is not installed")
    r = tool(server, "ok/x.whl", "cat", "torch/version.py", ZIP_TOOL_CURL=library)
    assert r.returncode == 0 and r.stdout == TEXT, r.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    to = tmp_path_factory.mktemp("tls")
    r = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", "key.pem", "-out", "cert.pem"], cwd=to, capture_output=True, check=False)
    if r.returncode != 0:
        pytest.skip("openssl makes no certificate here")
    return to


@pytest.fixture
def secure(archive, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    s = start(archive, context)
    yield s
    s.stop.set()
    s.shutdown()
    s.server_close()


def test_https(secure, certificate):
    r = tool(secure, "redirect/1/x.whl", "cat", "torch/version.py", scheme="https", CURL_CA_BUNDLE=str(certificate / "cert.pem"))
    assert r.returncode == 0 and r.stdout == TEXT, r.stderr
    assert secure.connections == 1


def test_https_with_an_unknown_certificate(secure):
    refused(tool(secure, "ok/x.whl", "list", scheme="https"), "https://127.0.0.1", "/ok/x.whl: ", "certificate")
    assert not secure.paths


def test_https_stays_https(secure, server, certificate):
    secure.other = f"http://127.0.0.1:{server.server_address[1]}/ok/x.whl"
    refused(tool(secure, "plain-http/x.whl", "list", scheme="https", CURL_CA_BUNDLE=str(certificate / "cert.pem")), "/plain-http/x.whl: ",
            "not https")
    assert not server.paths
