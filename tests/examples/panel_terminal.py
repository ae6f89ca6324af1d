"""Runs the example `panel` as its users do: in a terminal, into a pipe, interrupted, and wrongly.

Usage: panel_terminal.py <panel> <with_scripted_provider>
"""

import fcntl
import http.server
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

PANEL, WITH_PROVIDER = sys.argv[1:3]
MODELS = ["openai/gpt-5.5", "anthropic/claude-sonnet-4-6", "gemini/gemini-2.5-pro"]
NO_ENDPOINT = "http://127.0.0.1:9/v1"
SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"
COLOUR = re.compile(r"\x1b\[3\dm")


def environment(**more):
    kept = {name: value for name, value in os.environ.items()
            if name not in ("OPPER_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL",
                            "CONCLAVE_BASE_URL", "CONCLAVE_API_KEY", "NO_COLOR")}
    return {**kept, "TERM": "xterm-256color", **more}


def run(*arguments, fast=True, **variables):
    """Without a terminal. `fast` takes the provider that answers at twenty times the pace."""
    command = [WITH_PROVIDER, PANEL] if fast else [PANEL]
    return subprocess.run([*command, *arguments], env=environment(**variables),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


class Server:
    """Answers everything with one status, and keeps the JSON it was sent."""

    def __init__(self, status):
        self.bodies = bodies = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("content-length", 0))
                if length:
                    bodies.append(json.loads(self.rfile.read(length)))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *command, columns=100, rows=30, **variables):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.settings = termios.tcgetattr(self.slave)
        self.seen = ""

        def take_terminal():
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(command, env=environment(**variables), stdin=self.slave,
                                        stdout=self.slave, stderr=self.slave,
                                        preexec_fn=take_terminal)

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, holds, timeout=30):
        deadline = time.monotonic() + timeout
        while not holds():
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready:
                self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
            elif time.monotonic() > deadline:
                raise AssertionError(f"not in time; seen so far:\n{self.seen}")

    def finish(self):
        """The exit status, when everything that was written has been read."""
        self.read_until(lambda: self.process.poll() is not None)
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class InATerminal(unittest.TestCase):
    def start(self, *command, **how):
        terminal = Terminal(*command, **how)
        self.addCleanup(terminal.close)
        return terminal

    def expect_intact(self, terminal):
        self.assertGreater(terminal.seen.rfind(SHOW_CURSOR), terminal.seen.rfind(HIDE_CURSOR))
        self.assertGreater(terminal.seen.rfind("\x1b[0m"), terminal.seen.rfind("\x1b[1m"))
        self.assertGreater(terminal.seen.rfind("\x1b[?7h"), terminal.seen.rfind("\x1b[?7l"))
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.settings)

    def test_answers_grow_in_place_and_the_last_picture_stays(self):
        terminal = self.start(PANEL, "Tabs or spaces?")
        self.assertEqual(terminal.finish(), 0)
        self.assertIn("thinking", terminal.seen)
        self.assertIn("writing", terminal.seen)
        self.assertIn("Merging, by", terminal.seen)
        self.assertRegex(terminal.seen, COLOUR)
        last = re.split(r"\x1b\[\d+A", terminal.seen)[-1]
        for model in MODELS:
            self.assertIn(model, last)
        self.assertRegex(last, r"3 of 3 models answered in [\d.]+ s")
        self.expect_intact(terminal)

    def test_no_color_redraws_without_colours(self):
        for variables, options in (({}, ["--no-color"]), ({"NO_COLOR": "1"}, [])):
            terminal = self.start(WITH_PROVIDER, PANEL, *options, **variables)
            self.assertEqual(terminal.finish(), 0)
            self.assertIn(HIDE_CURSOR, terminal.seen)
            self.assertNotRegex(terminal.seen, COLOUR)

    def test_a_signal_mid_stream_ends_it_at_once(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            terminal = self.start(PANEL)
            terminal.read_until(lambda: "writing" in terminal.seen)
            started = time.monotonic()
            if number == signal.SIGINT:
                os.write(terminal.master, b"\x03")
            else:
                terminal.process.send_signal(number)
            self.assertEqual(terminal.finish(), 128 + number)
            self.assertLess(time.monotonic() - started, 2)
            self.assertNotIn("models answered in", terminal.seen)
            self.expect_intact(terminal)

    def test_it_lives_through_any_size(self):
        terminal = self.start(PANEL)
        for columns, rows in ((60, 30), (20, 10), (1, 1), (3, 2), (200, 60)):
            size = len(terminal.seen)
            terminal.read_until(lambda: len(terminal.seen) > size + 200)
            terminal.resize(columns, rows)
        self.assertEqual(terminal.finish(), 0)
        self.expect_intact(terminal)


class WithoutATerminal(unittest.TestCase):
    def test_a_pipe_gets_plain_text(self):
        done = run("Tabs or spaces?")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        self.assertNotIn("\x1b", done.stdout)
        merged = done.stdout.index("Merged by")
        for model in MODELS:
            self.assertEqual(done.stdout[:merged].count("✓ " + model), 1)

    def test_without_a_key_it_says_who_answers(self):
        done = run("--choices", "a,b", fast=False)
        self.assertRegex(done.stdout, r"^No key found: a scripted panel on https://localhost:\d+ ")

    def test_json_is_all_that_json_prints(self):
        done = run("--json")
        answer = json.loads(done.stdout)
        self.assertEqual([result["model"] for result in answer["model_results"]], sorted(MODELS))
        self.assertEqual(answer["meta"]["resolution"], "summary")

    def test_every_format_has_a_seat(self):
        answer = json.loads(run("--json", "--every-format", fast=False).stdout)
        self.assertEqual(len(answer["model_results"]), 5)
        for result in answer["model_results"]:
            self.assertNotIn("error", result)
            self.assertGreater(result["cost"], 0)
        refused = run("--every-format")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--every-format", refused.stderr)

    def test_choices_are_voted_on(self):
        answer = json.loads(run("--json", "--choices", "tabs, spaces").stdout)
        self.assertEqual(answer["meta"]["resolution"], "multiple_choice")
        self.assertIn(answer["data"], ("tabs", "spaces"))

    def test_options_reach_the_panel(self):
        done = run("--json", "--models", "x/one, x/two", "--resolution", "fast")
        answer = json.loads(done.stdout)
        self.assertEqual([result["model"] for result in answer["model_results"]],
                         ["x/one", "x/two"])
        self.assertEqual(answer["meta"]["resolution"], "fast")
        done = run("--json", "--summary-model", "x/merger")
        self.assertEqual(json.loads(done.stdout)["meta"]["summary_model"], "x/merger")

    def test_when_no_model_answers_it_says_why(self):
        done = run("--models", "a,b", "--max-retries", "0", fast=False,
                   CONCLAVE_BASE_URL=NO_ENDPOINT)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("Connection refused"), 2)

    def test_a_key_is_never_shown(self):
        done = run("--models", "a", "--max-retries", "0", fast=False,
                   CONCLAVE_BASE_URL=NO_ENDPOINT, CONCLAVE_API_KEY="sk-very-secret")
        self.assertIn("Asking 127.0.0.1:9.", done.stdout)
        self.assertNotIn("secret", done.stdout + done.stderr)

    def test_a_server_without_a_list_needs_models(self):
        for status, advises in ((404, True), (401, False)):
            with Server(status) as server:
                done = run(fast=False, CONCLAVE_BASE_URL=server.url)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, rf"\Apanel: .*HTTP {status}.*\n\Z")
            self.assertEqual("--models" in done.stderr, advises)
        done = run(fast=False, CONCLAVE_BASE_URL=NO_ENDPOINT)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"\Apanel: .*Connection refused\n\Z")

    def test_schema_and_instructions_go_to_every_model(self):
        schema = {"type": "object", "properties": {"pick": {"type": "string"}},
                  "required": ["pick"], "additionalProperties": False}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file, Server(400) as server:
            json.dump(schema, file)
            file.flush()
            done = run("Which?", "--models", "a,b", "--schema", file.name, "--instructions",
                       "Be brief.", "--max-retries", "0", fast=False, CONCLAVE_BASE_URL=server.url)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(sorted(sent["model"] for sent in server.bodies), ["a", "b"])
        for sent in server.bodies:
            self.assertEqual(sent["messages"], [{"role": "system", "content": "Be brief."},
                                                {"role": "user", "content": "Which?"}])
            self.assertEqual(sent["response_format"]["json_schema"],
                             {"name": "answer", "strict": True, "schema": schema})

    def test_answers_are_held_to_a_schema(self):
        schema = {"type": "object", "properties": {"pick": {"type": "string"},
                                                   "why": {"type": "string"}},
                  "required": ["pick"]}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(schema, file)
            file.flush()
            shown = run("Which?", "--schema", file.name)
            told = run("Which?", "--schema", file.name, "--json")
        self.assertEqual((shown.returncode, told.returncode), (0, 0), shown.stderr + told.stderr)
        self.assertEqual(shown.stdout.count(" valid"), 3)
        results = json.loads(told.stdout)["model_results"]
        self.assertEqual([each["schema_valid"] for each in results], [True] * 3)
        self.assertEqual({each["model"]: each["attempts"] for each in results},
                         dict(zip(MODELS, (1, 1, 2))))
        for each in results:
            self.assertEqual(sorted(json.loads(each["data"])), ["pick", "why"])

    def test_an_answer_that_cannot_be_written_is_a_failure(self):
        for options in ([], ["--json"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([WITH_PROVIDER, PANEL, *options], env=environment(),
                                      stdin=subprocess.DEVNULL, stdout=full,
                                      stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(done.returncode, 1)
            self.assertIn("No space left on device", done.stderr)

    def test_a_base_url_that_is_none_is_said_with_an_example(self):
        for url in ("localhost:8080/v1", "ftp://localhost/v1"):
            done = run(fast=False, CONCLAVE_BASE_URL=url)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, r"\Apanel: CONCLAVE_BASE_URL .*http://localhost:8080/v1\n")

    def test_what_is_wrong_is_said_in_one_line(self):
        for arguments, named in ((["--nope"], "--nope"),
                                 (["--resolution", "x"], "--resolution"),
                                 (["--resolution", "multiple_choice"], "choices"),
                                 (["--resolution", ""], "--resolution"),
                                 (["--choices", "a,a"], "choices[1]"),
                                 (["--choices", ""], "choices[0]"),
                                 (["--models", ""], "models[0].name"),
                                 (["--models", "a,,b"], "models[1].name"),
                                 (["--timeout", "0"], "timeout_ms"),
                                 (["--timeout", "soon"], "--timeout"),
                                 (["--max-retries", "4"], "max_retries"),
                                 (["--schema", "/no/such/file"], "/no/such/file"),
                                 (["--schema", "/dev/null"], "--schema"),
                                 ([""], "input")):
            with self.subTest(arguments=arguments):
                done = run(*arguments, fast=False)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertEqual(done.stderr.count("\n"), 1)
                self.assertIn(named, done.stderr)


unittest.main(argv=sys.argv[:1])
