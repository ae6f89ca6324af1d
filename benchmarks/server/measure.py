"""Measures the server beside nginx in front of the same scripted provider, which is a process of its
own, and prints what it finds as tables, or as JSON with --json.

    measure.py BUILD [--quick] [--json] [--docs FOLDER]

--docs puts the tables into performance.md of that folder too.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from tables import number, table, write_figures  # noqa: E402

SEATS = 3
BURST_WORDS = 2000
# What is measured has a processor of its own, as it has where it serves. The provider and the
# clients share the others, also where nothing is between them.
PROCESSORS = sorted(os.sched_getaffinity(0))
OTHERS = set(PROCESSORS[1:] or PROCESSORS)
# How long a stream of these models takes, in milliseconds. A thousand panels speak more slowly: the
# words that come in a second are about as many as of a hundred.
STREAM_MS = {"paced": 4000, "slow": 8000}


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

    def __init__(self, command, processors, wait_for_line=True):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, processors))
        self.line = self.process.stdout.readline().strip() if wait_for_line else ""

    def family(self):
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def cpu(self):
        """Seconds of processor time, to the nanosecond."""
        spent = 0
        for pid in self.family():
            for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
                spent += int((thread / "schedstat").read_text().split()[0])
        return spent / 1e9

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
      proxy_buffering off; proxy_next_upstream error timeout non_idempotent;
    }}
  }}
}}
""")
    nginx = Program(["nginx", "-c", str(config)], {PROCESSORS[0]}, wait_for_line=False)
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
        os.sched_setaffinity(0, OTHERS)  # and what it starts, but for what is measured
        self.provider = Program([self.build / "benchmarks/server_provider"], OTHERS)
        self.ports = {"provider": int(self.provider.line)}
        self.processes = {}
        self.start_server()
        self.start_nginx()

    def start_server(self):
        config = pathlib.Path(self.folder, "config.json")
        config.write_text(json.dumps({
            "listen": {"port": 0},
            "client": {"endpoints": [{"base_url": f"http://127.0.0.1:{self.ports['provider']}/v1"}],
                       "pool": {"max_idle_per_origin": 64}},
            "limits": {"panels": 8192, "queue": 0, "connections": 16384},
            "log": {"level": "warn"},
        }))
        server = Program([self.build / "examples/server", "--config", config], {PROCESSORS[0]})
        self.ports["compat"] = self.ports["panel"] = int(server.line.rsplit(":", 1)[1])
        self.processes["compat"] = self.processes["panel"] = server

    def start_nginx(self):
        self.processes["nginx"], self.ports["nginx"] = start_nginx(self.folder,
                                                                   self.ports["provider"])

    def restart(self):
        """What a program was given once it may keep: memory is measured with new ones."""
        self.processes["panel"].end()
        self.start_server()
        self.processes["nginx"].end()
        self.start_nginx()

    def load(self, kind, model, panels, spread_ms, hold_ms=0):
        path, body, mark, each = route(kind, model)
        command = [self.build / "benchmarks/server_stream_load", self.ports[kind], path, body, mark,
                   panels, each, spread_ms, hold_ms]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
        read = json.loads(done.stdout)
        read["whole"] = read["complete"] / (panels * each)
        # nginx may use a connection to the provider that has just died.
        needed = 0.99 if kind == "nginx" else 1
        if hold_ms == 0 and read["whole"] < needed:
            raise RuntimeError(f"{kind}: {read['complete']} of {panels * each} streams were whole")
        return read

    def first_token(self, panels):
        """Milliseconds to a panel's first token while `panels` are open, over the provider's own:
        of each percentile the median of all turns, for a machine may stand still in one of them.

        A panel at a time is asked every 40 ms, and ends before the next. More begin one after
        another, as many as end; those count that began when all are open.
        """
        if panels == 1:
            model, rounds, spread, uncounted = "short", 100, 4000, 0
        else:
            model = "paced" if panels <= 100 else "slow"
            rounds, spread, uncounted = 3 * panels, 3 * STREAM_MS[model], panels
        turns = []
        for _ in range(3):
            turn = {}
            for kind in ("provider", "nginx", "compat", "panel"):
                times = self.load(kind, model, rounds, spread)["first_ms"][uncounted:]
                turn[kind] = {"p50": percentile(times, 0.5), "p99": percentile(times, 0.99)}
                for share in ("p50", "p99"):
                    turn[kind]["added_" + share] = turn[kind][share] - turn["provider"][share]
            turns.append(turn)
        return {kind: {what: statistics.median(turn[kind][what] for turn in turns)
                       for what in turns[0][kind]} for kind in turns[0]}

    def throughput(self):
        """What goes through for each second of the process' own time: bytes that it sends, and bytes
        that it reads for them, which are as many for each token whoever reads them."""
        panels = 10 if self.quick else 40
        whole = self.load("provider", "burst", panels, 0)["bytes"]
        samples = {kind: [] for kind in ("nginx", "compat", "panel")}
        for _ in range(1 if self.quick else 5):
            for kind, rows in samples.items():
                before = self.processes[kind].cpu()
                read = self.load(kind, "burst", panels, 0)
                cpu = self.processes[kind].cpu() - before
                tokens = panels * SEATS * BURST_WORDS * read["whole"]
                rows.append({"sent_per_cpu": read["bytes"] / cpu,
                             "read_per_cpu": whole * read["whole"] / cpu,
                             "tokens_per_cpu": tokens / cpu,
                             "tokens_per_second": tokens / read["seconds"]})
        found = {}
        for kind, rows in samples.items():
            rows.sort(key=lambda row: row["tokens_per_cpu"])
            found[kind] = rows[len(rows) // 2]
        for kind in ("compat", "panel"):
            for what in ("sent_per_cpu", "read_per_cpu"):
                found[kind][what + "_of_nginx"] = found[kind][what] / found["nginx"][what]
        return found

    def memory(self, panels):
        """Bytes for each open seat, with so many panels open."""
        found = {}
        self.restart()
        for kind in ("nginx", "panel"):
            self.load(kind, "short", 4, 100)
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
        before = self.processes["panel"].cpu()
        seconds = 2 if self.quick else 8
        done = subprocess.run(
            ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(script), "--latency",
             f"http://127.0.0.1:{self.ports['panel']}/v3/roundtable"],
            capture_output=True, text=True, check=True)
        cpu = self.processes["panel"].cpu() - before
        if "Non-2xx" in done.stdout:
            raise RuntimeError(done.stdout)
        requests = int(next(line for line in done.stdout.splitlines()
                            if "requests in" in line).split()[0])
        return {"per_second": requests / seconds, "per_cpu_second": requests / cpu}

    def run(self):
        results = {"machine": describe_machine(), "panels": self.panels_per_second(), "memory": {},
                   "first_token": {}}
        counts = (1, 100) if self.quick else (1, 100, 1000)
        for panels in counts:
            results["memory"][panels] = self.memory(panels)
        results["throughput"] = self.throughput()
        for panels in counts:
            results["first_token"][panels] = self.first_token(panels)
        return results

    def end(self):
        for program in (self.processes["panel"], self.processes["nginx"], self.provider):
            program.end()
        shutil.rmtree(self.folder, ignore_errors=True)


GOALS = [
    ("panels: added to the first token while 100 are open, p99", "< 2 ms",
     lambda found: found["first_token"][100]["panel"]["added_p99"], lambda value: value < 2),
    ("chat completions: bytes sent for each CPU-second, of nginx", "≥ 0.5",
     lambda found: found["throughput"]["compat"]["sent_per_cpu_of_nginx"],
     lambda value: value >= 0.5),
    ("panels: bytes read for each CPU-second, and so tokens, of nginx", "≥ 0.5",
     lambda found: found["throughput"]["panel"]["read_per_cpu_of_nginx"],
     lambda value: value >= 0.5),
    ("panels: bytes sent for each CPU-second, of nginx", "≥ 0.5",
     lambda found: found["throughput"]["panel"]["sent_per_cpu_of_nginx"],
     lambda value: value >= 0.5),
    ("panels: KiB for each open seat, the most of all counts", "< 64",
     lambda found: max(row["panel"] for row in found["memory"].values()) / 1024,
     lambda value: value < 64),
]
NAMES = {"provider": "the provider itself", "nginx": "nginx", "compat": "chat completions",
         "panel": f"panels of {SEATS}"}


def version_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return re.search(r"\d+(\.\d+)+", done.stdout + done.stderr).group(0)
    except (OSError, subprocess.CalledProcessError, AttributeError):
        return "?"


def describe_machine():
    try:
        model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    except (OSError, AttributeError):
        model = platform.machine()
    return {"processor": model, "processors": os.cpu_count(),
            "system": f"{platform.system()} {platform.release()}",
            "compiler": version_of("c++", "-dumpfullversion"), "nginx": version_of("nginx", "-v")}


def report(found):
    machine, each = found["machine"], found["panels"]
    goals = []
    for name, goal, value_of, holds in GOALS:
        value = value_of(found)
        goals.append([name, number(value), goal, "yes" if holds(value) else "no"])
    rates = [[NAMES[kind], number(row["sent_per_cpu"] / 1e6),
              number(row.get("sent_per_cpu_of_nginx", 1)), number(row["read_per_cpu"] / 1e6),
              number(row.get("read_per_cpu_of_nginx", 1)), number(row["tokens_per_cpu"]),
              number(row["tokens_per_second"])]
             for kind, row in found["throughput"].items()]
    first = [[f"{panels:,}", NAMES[kind], number(row["p50"]), number(row["p99"]),
              number(row["added_p50"]), number(row["added_p99"])]
             for panels, kinds in found["first_token"].items() for kind, row in kinds.items()]
    memory = [[f"{panels:,}", number(row["panel"] / 1024), number(row["nginx"] / 1024)]
              for panels, row in found["memory"].items()]
    parts = [
        ("Machine, programs",
         f"- {machine['processor']}, {machine['processors']} cores; {machine['system']}\n"
         f"- GCC {machine['compiler']}; nginx {machine['nginx']}\n"
         f"- panels of {SEATS}, short and not streamed: {number(each['per_second'])} a second, "
         f"{number(each['per_cpu_second'])} for each second of the server's processor time"),
        ("Goals", table(["", "measured", "goal", "reached"], goals)),
        ("Streams as fast as they go",
         table(["", "MB sent / CPU-s", "of nginx", "MB read / CPU-s", "of nginx",
                "tokens / CPU-s", "tokens / s"], rates)),
        ("Milliseconds to the first token",
         table(["open panels", "", "p50", "p99", "added p50", "added p99"], first)),
        ("KiB for each open seat", table(["open panels", "server", "nginx"], memory)),
    ]
    return "\n\n".join(f"### {title}\n\n{body}" for title, body in parts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--docs", type=pathlib.Path)
    options = parser.parse_args()
    bench = Bench(options.build, options.quick)
    try:
        found = bench.run()
    finally:
        bench.end()
    print(json.dumps(found, indent=1) if options.json else report(found))
    if options.docs:
        write_figures(options.docs / "performance.md", "server", report(found))


if __name__ == "__main__":
    main()
