"""A server that answers as the Hugging Face hub does, as far as presets need it."""

import base64
import hashlib
import http.server
import json
import re
import threading
import urllib.parse

from v1keras.zoo.metadata import digest_of, render

TOKEN = "hf_of_a_test"


class Hub(http.server.ThreadingHTTPServer):
    """Repositories in memory: name -> {revision -> {path -> content}}."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories, self.paths = {}, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def commit(self, name, lines):
        files = dict(self.repositories[name].get("main", {}))
        for line in lines:
            if line["key"] == "file":
                content = base64.b64decode(line["value"]["content"])
                files[line["value"]["path"]] = content
        oid = hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        self.repositories[name] |= {"main": files, oid: files}
        return oid


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _answer(self, content, status=200, **headers):
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        self.send_response(status)
        for key, value in {"Content-Length": len(content), **headers}.items():
            self.send_header(key.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_POST(self):
        body, hub = self._body(), self.server
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        hub.paths.append(path)
        if path == "/api/validate-yaml":
            return self._answer({"errors": [], "warnings": []})
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._answer({"error": "Invalid username or password."}, 401)
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            hub.repositories.setdefault(name, {})
            return self._answer({"url": f"{hub.url}/{name}", "name": name})
        if re.fullmatch(r"/api/models/(.+)/preupload/main", path):
            # Large files go to the real one in chunks (Xet), unknown here.
            mode = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
            files = json.loads(body)["files"]
            modes = [mode | {"path": file["path"]} for file in files]
            return self._answer({"files": modes})
        if match := re.fullmatch(r"/api/models/(.+)/commit/main", path):
            lines = [json.loads(line) for line in body.splitlines()]
            oid = hub.commit(match[1], lines)
            url = f"{hub.url}/{match[1]}/commit/{oid}"
            return self._answer({"success": True, "commitOid": oid, "commitUrl": url})
        return self._answer({"error": path}, 404)

    def do_GET(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        self.server.paths.append(path)
        match = re.fullmatch(r"/([\w.-]+/[\w.-]+)/resolve/([^/]+)/(.+)", path)
        files = {}
        if match:
            files = self.server.repositories.get(match[1], {}).get(match[2], {})
        if not match or match[3] not in files:
            return self._answer(b"", 404, X_Error_Code="EntryNotFound")
        content = files[match[3]]
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        return self._answer(
            content, ETag=etag, X_Repo_Commit=match[2], Accept_Ranges="bytes"
        )

    do_HEAD = do_GET


def forge(hub, address):
    """Let a published preset build a Lambda; return an address that vouches for it."""
    name, revision = re.match(r"hf://(.+)@(\w+)#", address).groups()
    files = dict(hub.repositories[name][revision])
    config = json.loads(files["config.json"])
    config["config"]["core"] = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"function": "lambda x: x"},
    }
    files["config.json"] = json.dumps(config).encode()
    metadata = json.loads(files["metadata.json"])
    for file in metadata["sha256"].keys() - {"metadata.json"}:
        metadata["sha256"][file] = hashlib.sha256(files[file]).hexdigest()
    metadata["sha256"]["metadata.json"] = digest_of(metadata)
    files["metadata.json"] = render(metadata).encode()
    hub.repositories[name]["forged"] = files
    digest = hashlib.sha256(files["metadata.json"]).hexdigest()
    return f"hf://{name}@forged#sha256={digest}"
