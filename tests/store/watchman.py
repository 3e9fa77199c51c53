"""Runs a server for as long as its stdin stays open: when the tests are killed, the server and its folder go too."""

import json
import shutil
import signal
import subprocess
import sys
import threading


def main() -> None:
    order = json.loads(sys.stdin.readline())
    with open(order["log"], "wb") as log:  # noqa: PTH123 - a plain path, and no need for more
        server = subprocess.Popen(  # noqa: S603 - the command of the tests
            order["command"], cwd=order["folder"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **order["whom"]
        )

    asked = threading.Event()

    def stop() -> None:
        sys.stdin.read()
        asked.set()
        # A fast shutdown: it does not wait until everybody has left.
        server.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)

    threading.Thread(target=stop, daemon=True).start()
    server.wait()
    if asked.is_set():  # else somebody will want to read the log
        shutil.rmtree(order["folder"], ignore_errors=True)


if __name__ == "__main__":
    main()
