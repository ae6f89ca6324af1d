// The programs under test: the server, a scripted provider behind it, and the browser before it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

function wanted(name) {
  if (!process.env[name])
    throw new Error(`${name} has to name a program; scripts/test-page.sh sets it`);
  return process.env[name];
}

/** Starts a program that prints where it is, and gives what reads its further lines. */
async function start(program, options, environment = {}) {
  const child = spawn(program, options, {
    stdio: ['pipe', 'pipe', process.env.PAGE_LOG ? 'inherit' : 'ignore'],
    env: { ...process.env, ...environment },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: url } = await lines.next();
  if (!url) throw new Error(`${program} ended with ${await ended} and did not say where it is`);
  return { child, ended, lines, url };
}

export async function startProvider() {
  const { child, ended, lines, url } = await start(wanted('PAGE_PROVIDER'), []);
  return {
    url,
    /** What it has seen so far: the models of its `requests`, and of the `aborted` ones. */
    async seen() {
      child.stdin.write('\n');
      return JSON.parse((await lines.next()).value);
    },
    stop() {
      child.stdin.end();
      return ended;
    },
  };
}

/** The server as it is without a configuration. */
export async function startDemo() {
  const { child, ended, url } = await start(wanted('SERVER'), ['--port', '0']);
  return {
    url,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export const newBrowser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: process.getuid() === 0 ? ['--no-sandbox'] : [], // root has none
  });

/** The server on any free port; with a `key`, only for who shows it. */
export async function startServer(provider, key) {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-page-'));
  const file = join(folder, 'config.json');
  const panel = ['openai/gpt-5.5', 'anthropic/claude-sonnet-4-6', 'gemini/gemini-2.5-pro'];
  const settings = {
    client: { endpoints: [{ base_url: provider.url }], prices: {} },
    panels: {
      'panel/default': { models: panel },
      'panel/indent': {
        models: panel.slice(0, 2), resolution: 'multiple_choice', choices: ['tabs', 'spaces'],
      },
    },
  };
  for (const model of panel) settings.client.prices[model] = { input: 2.5, output: 15 };
  if (key) settings.callers = [{ name: 'page', key_env: 'PAGE_TEST_KEY' }];
  writeFileSync(file, JSON.stringify(settings));
  const { child, ended, url } = await start(wanted('SERVER'), ['--config', file, '--port', '0'], {
    PAGE_TEST_KEY: key,
  });
  return {
    url,
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
