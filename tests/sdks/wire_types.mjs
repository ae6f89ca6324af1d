// What goes over the wire has the types that the packages declare for it: nothing is missing that
// they promise, and nothing is there that they do not know. The compiler of TypeScript is asked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { key, url } from './provider.mjs';

const models = [
  'text', 'thinking', 'structured', 'tools', 'only-tools', 'refusal', 'length', 'filtered',
];
const question = 'Which database?';

const formats = [
  {
    name: 'Chat Completions',
    path: () => '/v1/chat/completions',
    body: (model, stream) => ({
      model, stream, messages: [{ role: 'user', content: question }],
      ...(stream && { stream_options: { include_usage: true } }),
    }),
    // The member for reasoning is of those who imitate OpenAI.
    models: models.filter((model) => model !== 'thinking'),
    whole: 'ChatCompletion',
    event: 'ChatCompletionChunk',
    error: '{ error: ErrorObject }',
  },
];

const declarations = `
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { ErrorObject } from 'openai/resources/shared';

// As JSON has it: enumerations are their strings, and what the packages compute is not there.
type Computed = 'output_text';
type Wire<T> = T extends string ? \`\${T}\`
  : T extends (infer Item)[] ? Wire<Item>[]
  : T extends object ? { [Name in keyof T as Exclude<Name, Computed>]: Wire<T[Name]> }
  : T;
`;

async function ask(format, model, stream) {
  const response = await fetch(url + format.path(model, stream), {
    method: 'POST',
    headers: {
      'authorization': `Bearer ${key}`, 'content-type': 'application/json',
      'anthropic-version': '2026-10-21',
    },
    body: JSON.stringify(format.body(model, stream)),
  });
  const text = await response.text();
  if (!stream) return [text];
  return text.split('\n\n').map((frame) => frame.split('\n').find((line) => line.startsWith('data:')))
    .filter(Boolean).map((line) => line.slice('data:'.length).trim())
    .filter((data) => data !== '[DONE]');
}

function compile(name, type, bodies) {
  const file = `wire_types_${name.replace(/\W+/g, '_')}.ts`;
  const lines = [...new Set(bodies)].map((json) => {
    JSON.parse(json);
    return `${json},`;
  });
  const source = `${declarations}export const all: Wire<${type}>[] = [\n${lines.join('\n')}\n];\n`;
  writeFileSync(file, source);
  const { stdout, status } = spawnSync(process.execPath, [
    'node_modules/typescript/bin/tsc', '--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck',
    '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023', '--types', 'node',
    file,
  ], { encoding: 'utf8' });
  const wrong = [...stdout.matchAll(/\((\d+),\d+\): error/g)].map(
    ([, line]) => source.split('\n')[line - 1]);
  assert.equal(status, 0, [stdout, ...new Set(wrong)].join('\n'));
}

for (const format of formats) {
  for (const [kind, type, asked, stream] of [
    ['whole answers', format.whole, format.models ?? models, false],
    ['events', format.event, format.models ?? models, true],
    ['errors', format.error, ['status-400', 'status-429', 'status-500', 'nobody'], false],
  ]) {
    if (!type) continue;
    test(`${format.name}: ${kind}`, async () => {
      const bodies = await Promise.all(asked.map((model) => ask(format, model, stream)));
      compile(`${format.name} ${kind}`, type, bodies.flat());
    });
  }
}
