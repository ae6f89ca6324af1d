// Starts the program of SDK_PROVIDER, and has it end with this one.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const provider = spawn(process.env.SDK_PROVIDER, { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: provider.stdout });

/** Where it is, without a path: `http://127.0.0.1:41234`. */
export const url = await new Promise((resolve, reject) => {
  lines.once('line', resolve);
  provider.once('error', reject);
  provider.once('exit', (code) => reject(new Error(`sdk_provider ended with ${code}`)));
});
// Neither it nor its pipes are a reason to stay.
provider.unref();
provider.stdin.unref();
provider.stdout.unref();

/** The key it asks for. */
export const key = 'sk-scripted';

/** Everything that an async iterable brings. */
export async function collect(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The list without repetitions of the same in a row. */
export const runs = (list) => list.filter((item, i) => i === 0 || item !== list[i - 1]);

/** The schema that the structured answers are asked for with. */
export const citySchema = {
  type: 'object',
  properties: { city: { type: 'string' }, people: { type: 'integer' } },
  required: ['city', 'people'],
  additionalProperties: false,
};

/** The schema of the arguments of `get_weather`. */
export const weatherSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' } },
  required: ['city', 'days'],
  additionalProperties: false,
};
