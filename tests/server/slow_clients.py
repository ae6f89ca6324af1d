"""Measures /health while slowhttptest holds a thousand slow connections open.

Usage: slow_clients.py <server> <seconds of each attack>
"""

import http.client
import re
import resource
import subprocess
import sys
import time

CONNECTIONS = 1000
LIMIT_MS = 100

ATTACKS = {
    "slow heads": ["-H", "-i", "5"],
    "slow bodies": ["-B", "-i", "5", "-s", "8192"],
    "slow readers": ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "1", "-k", "3"],
}


def measure(port, seconds):
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/health")
        response = connection.getresponse()
        response.read()
        connection.close()
        if response.status != 200:
            raise SystemExit(f"/health answered {response.status}")
        times.append((time.monotonic() - began) * 1000)
        time.sleep(0.02)
    times.sort()
    return times


def open_connections(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return int(float(re.search(r"^conclave_open_connections (\S+)$", text, re.M).group(1)))


def main():
    program, seconds = sys.argv[1], int(sys.argv[2])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = subprocess.Popen([program, "--port", "0"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    failed = False
    try:
        port = int(server.stdout.readline().strip().rsplit(":", 1)[1])
        for name, options in ATTACKS.items():
            path = "/v3/openapi.yaml" if name == "slow readers" else "/v3/roundtable"
            attack = subprocess.Popen(
                ["slowhttptest", "-c", str(CONNECTIONS), "-r", "500", "-l", str(seconds), "-p", "5",
                 "-u", f"http://127.0.0.1:{port}{path}", *options],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(3)
            times = measure(port, max(seconds - 5, 2))
            held = open_connections(port)
            attack.wait()
            p99 = times[int(len(times) * 0.99)]
            print(f"{name}: {held} connections open, /health p50 {times[len(times) // 2]:.1f} ms, "
                  f"p99 {p99:.1f} ms, max {times[-1]:.1f} ms of {len(times)}", flush=True)
            failed = failed or p99 > LIMIT_MS
    finally:
        server.terminate()
        server.wait()
    raise SystemExit(1 if failed else 0)


main()
