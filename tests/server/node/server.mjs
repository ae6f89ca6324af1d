// Starts the server, with the scripted provider behind it in every wire format, and has both end
// with this program.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { key as providerKey, url as provider } from './provider.mjs';

/** The wire formats, which are what the names of models begin with. */
export const formats = ['chat', 'responses', 'anthropic', 'google', 'interactions'];

/** The key that the server asks for. */
export const key = 'a-key-for-callers-of-the-tests';

const endpoint = (prefix, format, base_url) => ({
  prefix: `${prefix}/`, format, base_url, key: providerKey,
});
const settings = {
  listen: { port: 0 },
  client: {
    endpoints: [
      endpoint('chat', 'chat_completions', `${provider}/v1`),
      endpoint('responses', 'responses', `${provider}/v1`),
      endpoint('anthropic', 'anthropic_messages', provider),
      endpoint('google', 'google_generate_content', provider),
      endpoint('interactions', 'google_interactions', provider),
      { base_url: 'http://127.0.0.1:9/v1', models: ['nobody-there'] },
    ],
    prices: { 'chat/text': { input: 1, output: 2 } },
  },
  panels: {
    'panel/default': { models: ['chat/text', 'anthropic/text', 'google/thinking'] },
    'panel/one-left': { models: ['chat/status-400', 'anthropic/text'] },
    'panel/none-left': { models: ['chat/status-400', 'anthropic/status-404'] },
    'panel/structured': { models: ['chat/structured', 'responses/structured'] },
    'panel/cut': { models: ['chat/text', 'anthropic/text'], summary_model: 'chat/cut' },
    'panel/unmerged': { models: ['chat/text', 'anthropic/text'], summary_model: 'chat/status-400' },
    'panel/vote': {
      models: ['chat/yes', 'responses/yes', 'anthropic/no'],
      resolution: 'multiple_choice', choices: ['yes', 'no'],
    },
    'panel/fast': { models: ['chat/text'], resolution: 'fast' },
  },
  callers: [{ name: 'tests', key_env: 'TESTS_KEY' }],
};

const folder = mkdtempSync(join(tmpdir(), 'conclave-'));
writeFileSync(join(folder, 'config.json'), JSON.stringify(settings));
const server = spawn(process.env.SERVER, ['--config', join(folder, 'config.json')], {
  env: { ...process.env, TESTS_KEY: key },
  stdio: ['ignore', 'pipe', 'ignore'],
});
process.on('exit', () => {
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});
const lines = createInterface({ input: server.stdout });

/** Where it is, without a path. */
export const url = await new Promise((resolve, reject) => {
  lines.once('line', resolve);
  server.once('error', reject);
  server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
});
server.unref();
server.stdout.unref();
