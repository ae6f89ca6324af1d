"""Measures the server beside nginx in front of the same scripted provider, which is a process of its
own, and prints what it finds as text, or as JSON with --json.

    measure.py BUILD [--quick] [--json]
"""

import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

WORDS = {"paced": 400, "burst": 2000}
SEATS = 3


def panel(model, stream=True):
    return json.dumps({"input": "Which?", "resolution": "fast", "stream": stream,
                       "models": [{"name": model}] * SEATS})


def chat(model):
    return json.dumps({"model": model, "stream": True,
                       "messages": [{"role": "user", "content": "Which?"}]})


# Where a kind of stream is, its body, what its first token looks like, and how many make a panel.
def route(kind, model):
    if kind == "panel":
        return "/v3/roundtable", panel(model), '"delta":"w', 1
    if kind == "compat":
        return "/v3/compat/chat/completions", chat(model), '"content":"w', SEATS
    return "/v1/chat/completions", chat(model), '"content":"w', SEATS


class Program:
    """A child process, and what it and its own children use."""

    def __init__(self, command, wait_for_line=True, **more):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, **more)
        self.line = self.process.stdout.readline().strip() if wait_for_line else ""

    def family(self):
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def cpu(self):
        ticks = 0
        for pid in self.family():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident(self):
        pages = 0
        for pid in self.family():
            pages += int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def end(self):
        self.process.terminate()
        self.process.wait()


def start_nginx(folder, provider_port):
    config = pathlib.Path(folder, "nginx.conf")
    port = free_port()
    config.write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 16384; }}
worker_rlimit_nofile 32768;
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream provider {{ server 127.0.0.1:{provider_port}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
""")
    nginx = Program(["nginx", "-c", str(config)], wait_for_line=False)
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.02)
    return nginx, port


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


class Bench:
    def __init__(self, build, quick):
        self.build, self.quick = pathlib.Path(build), quick
        self.folder = tempfile.mkdtemp()
        self.provider = Program([self.build / "benchmarks/server_provider"])
        port = int(self.provider.line)
        config = pathlib.Path(self.folder, "config.json")
        config.write_text(json.dumps({
            "listen": {"port": 0},
            "client": {"endpoints": [{"base_url": f"http://127.0.0.1:{port}/v1"}]},
            "limits": {"panels": 8192, "queue": 0, "connections": 16384},
            "log": {"level": "warn"},
        }))
        self.server = Program([self.build / "examples/server", "--config", config])
        self.nginx, nginx_port = start_nginx(self.folder, port)
        server_port = int(self.server.line.rsplit(":", 1)[1])
        self.ports = {"provider": port, "nginx": nginx_port, "compat": server_port,
                      "panel": server_port}
        self.processes = {"nginx": self.nginx, "compat": self.server, "panel": self.server}

    def load(self, kind, model, panels, spread_ms, hold_ms=0):
        path, body, mark, each = route(kind, model)
        command = [self.build / "benchmarks/server_stream_load", self.ports[kind], path, body, mark,
                   panels, each, spread_ms, hold_ms]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
        read = json.loads(done.stdout)
        if hold_ms == 0 and read["complete"] != panels * each:
            raise RuntimeError(f"{kind}: {read['complete']} of {panels * each} streams were whole")
        return read

    def first_token(self, panels):
        """Milliseconds to a panel's first token while `panels` are open, over the provider's own."""
        found = {}
        for kind in ("provider", "nginx", "compat", "panel"):
            rounds = []
            for _ in range(1 if self.quick or panels > 100 else 3):
                rounds += self.load(kind, "paced", panels, min(4000, 40 * panels))["first_ms"]
            found[kind] = {"p50": percentile(rounds, 0.5), "p99": percentile(rounds, 0.99)}
        own = found["provider"]
        for kind in ("nginx", "compat", "panel"):
            for share in ("p50", "p99"):
                found[kind]["added_" + share] = found[kind][share] - own[share]
        return found

    def throughput(self):
        """Bytes and tokens of streams for each second of the process' own time."""
        found = {}
        panels = 10 if self.quick else 40
        for kind in ("nginx", "compat", "panel"):
            samples = []
            for _ in range(1 if self.quick else 5):
                before = self.processes[kind].cpu()
                read = self.load(kind, "burst", panels, 0)
                cpu = self.processes[kind].cpu() - before
                tokens = panels * SEATS * WORDS["burst"]
                samples.append((read["bytes"] / cpu, tokens / cpu, tokens / read["seconds"]))
            middle = sorted(samples)[len(samples) // 2]
            found[kind] = dict(zip(("bytes_per_cpu", "tokens_per_cpu", "tokens_per_second"), middle))
        for kind in ("compat", "panel"):
            for what in ("bytes_per_cpu", "tokens_per_cpu"):
                found[kind][what + "_of_nginx"] = found[kind][what] / found["nginx"][what]
        return found

    def memory(self, panels):
        """Bytes for each open seat, with so many panels open."""
        found = {}
        for kind in ("nginx", "panel"):
            process = self.processes[kind]
            before = process.resident()
            path, body, mark, each = route(kind, "open")
            command = [self.build / "benchmarks/server_stream_load", self.ports[kind], path, body,
                       mark, panels, each, 500, 6000]
            load = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
            time.sleep(4)
            found[kind] = (process.resident() - before) / (panels * SEATS)
            load.wait()
            time.sleep(1)
        return found

    def panels_per_second(self):
        script = pathlib.Path(self.folder, "panel.lua")
        script.write_text(f"wrk.method='POST'\nwrk.headers['Content-Type']='application/json'\n"
                          f"wrk.body='{panel('short', False)}'\n")
        before = self.server.cpu()
        seconds = 2 if self.quick else 8
        done = subprocess.run(
            ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(script), "--latency",
             f"http://127.0.0.1:{self.ports['panel']}/v3/roundtable"],
            capture_output=True, text=True, check=True)
        cpu = self.server.cpu() - before
        if "Non-2xx" in done.stdout:
            raise RuntimeError(done.stdout)
        requests = int(next(line for line in done.stdout.splitlines()
                            if "requests in" in line).split()[0])
        return {"per_second": requests / seconds, "per_cpu_second": requests / cpu}

    def run(self):
        results = {"panels": self.panels_per_second(), "memory": {}, "first_token": {}}
        counts = (1, 100) if self.quick else (1, 100, 1000)
        for panels in counts:
            results["memory"][panels] = self.memory(panels)
        results["throughput"] = self.throughput()
        for panels in counts:
            results["first_token"][panels] = self.first_token(panels)
        return results

    def end(self):
        for program in (self.server, self.nginx, self.provider):
            program.end()


def show(found):
    each = found["panels"]
    print(f"panels of {SEATS}, short and whole: {each['per_second']:.0f} a second, "
          f"{each['per_cpu_second']:.0f} for each second of the server's processor time\n")
    print("streams              MB/CPU-s  of nginx   tokens/CPU-s  of nginx   tokens/s")
    for kind, row in found["throughput"].items():
        print(f"{kind:18} {row['bytes_per_cpu'] / 1e6:10.1f} {row.get('bytes_per_cpu_of_nginx', 1):9.2f}"
              f" {row['tokens_per_cpu']:14.0f} {row.get('tokens_per_cpu_of_nginx', 1):9.2f}"
              f" {row['tokens_per_second']:10.0f}")
    print("\nopen panels   first token, ms      p50       p99   added p50   added p99")
    for panels, kinds in found["first_token"].items():
        for kind, row in kinds.items():
            print(f"{panels:11}   {kind:12} {row['p50']:13.2f} {row['p99']:9.2f}"
                  f" {row.get('added_p50', 0):11.2f} {row.get('added_p99', 0):11.2f}")
    print("\nopen panels   KiB for each open seat: server     nginx")
    for panels, row in found["memory"].items():
        print(f"{panels:11} {row['panel'] / 1024:33.1f} {row['nginx'] / 1024:9.1f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    bench = Bench(options.build, options.quick)
    try:
        found = bench.run()
    finally:
        bench.end()
    if options.json:
        json.dump(found, sys.stdout, indent=1)
    else:
        show(found)


main()
