#!/usr/bin/env python3
"""healthy PORT [PATH]: exit status 0 where the service on this machine's PORT answers. For health checks."""

import sys
from http.client import HTTPConnection


def main(port: str, path: str = "/healthz") -> int:
    """0: it answers 200 within 4 seconds; 1: it does not."""
    connection = HTTPConnection("127.0.0.1", int(port), timeout=4)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        answer = connection.getresponse()
    except OSError as error:
        sys.stdout.write(f"nothing answers on port {port}: {error}\n")
        return 1
    sys.stdout.write(f"{answer.status} {answer.read(500).decode(errors='replace')}\n")
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
