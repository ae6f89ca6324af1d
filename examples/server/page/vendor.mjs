// Copies what the page needs of its packages to vendor/, as `npm ci && npm run vendor` here. With
// --check it copies nothing and fails if a copy differs from its package.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';

const copies = {
  'marked.js': 'marked/lib/marked.esm.js',
  'marked.LICENSE': 'marked/LICENSE',
  'purify.js': 'dompurify/dist/purify.es.mjs',
  'purify.LICENSE': 'dompurify/LICENSE',
};

const here = (path) => new URL(path, import.meta.url);
const check = process.argv.includes('--check');
mkdirSync(here('vendor/'), { recursive: true });
for (const [copy, original] of Object.entries(copies)) {
  const [to, from] = [here(`vendor/${copy}`), here(`node_modules/${original}`)];
  if (!check) copyFileSync(from, to);
  else if (!readFileSync(to).equals(readFileSync(from))) {
    console.error(`vendor/${copy} is not ${original} of the version in package-lock.json`);
    process.exitCode = 1;
  }
}
