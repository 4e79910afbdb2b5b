#!/usr/bin/python3
"""serve_mesh_page.py FOLDER: FOLDER/live.html as a mesh node would serve it, and for what its script
asks anew the body of FOLDER/thirty.html; with peer=broken an error. Prints its port."""

import http.server
import pathlib
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        status, text = 404, ""
        if path == "/":
            status, text = 200, (folder / "live.html").read_text()
        elif path == "/page-body" and "broken" in query:
            status = 500
        elif path == "/page-body":
            whole = (folder / "thirty.html").read_text()
            status, text = 200, whole.partition("<main>")[2].partition("</main>")[0]
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


folder = pathlib.Path(sys.argv[1])
with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
