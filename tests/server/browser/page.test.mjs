// The page of the real server, in a real browser, with a scripted provider behind.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { newBrowser, startProvider, startServer } from './program.mjs';

const pictures = process.env.PAGE_PICTURES;
let provider, server, browser, context, page;
let complaints; // of the browser: errors, and what the policy forbade

before(async () => {
  provider = await startProvider();
  server = await startServer(provider);
  browser = await newBrowser();
  if (pictures) mkdirSync(pictures, { recursive: true });
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await provider?.stop();
});

async function newPage(options = {}, url = server.url) {
  context = await browser.newContext({ viewport: { width: 1360, height: 940 }, ...options });
  context.setDefaultTimeout(15_000);
  page = await context.newPage();
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  const loaded = page.waitForResponse((response) => response.url().endsWith('/v3/models'));
  await page.goto(url);
  await loaded;
}

beforeEach(() => newPage());
afterEach(() => context.close());

async function picture(name) {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}

async function seat(...names) {
  await page.locator('.seat-input').first().waitFor();
  while ((await page.locator('.seat-input').count()) > 0)
    await page.locator('.seat-input .remove').first().click();
  for (const name of names) {
    await page.click('#add-seat');
    await page.keyboard.type(name);
  }
}

const resolveBy = (word) => page.check(`input[name=resolution][value=${word}]`);

async function ask(question, ...names) {
  if (names.length > 0) await seat(...names);
  await page.fill('#question', question);
  await page.click('#submit');
}

const over = () => page.locator('#round[aria-busy="false"]').waitFor();
const seatAt = (index) => page.locator('.seat').nth(index);
const state = (index) => seatAt(index).locator('.state').textContent();
const answer = (index) => seatAt(index).locator('.answer');
const outcome = () => page.locator('.outcome');

async function until(holds, what) {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`in time: ${what}`);
}

test('a panel is asked: columns fill while it runs, and then there is one answer', async () => {
  await ask(
    'What is the best database for a multi-tenant SaaS?',
    'good/markdown',
    'openai/gpt-5.5',
    'gemini/gemini-2.5-pro',
  );
  // Live: a seat's text is seen growing before any seat is done.
  await until(async () => (await answer(0).textContent()).length > 10, 'the first words');
  const early = (await answer(0).textContent()).length;
  assert.notEqual(await state(0), 'Done');
  await until(async () => (await answer(0).textContent()).length > early, 'more words');
  await picture('running');
  await over();

  for (const index of [0, 1, 2]) assert.equal(await state(index), 'Done');
  assert.equal(await answer(0).locator('table td').count(), 6);
  assert.match(await answer(0).locator('pre').textContent(), /CREATE POLICY/);
  assert.match(await answer(1).textContent(), /Begin simple, measure/);
  const facts = await seatAt(1).locator('dd').allTextContents();
  assert.match(facts[0], /^\d+ ms$|^\d+\.\d s$/);
  assert.match(facts[2], /^[\d,]+ in, [\d,]+ out$/);
  assert.match(facts[3], /^\$0\.\d{4}$|^under/);
  assert.match(
    await outcome().textContent(),
    /Merged by good\/markdown from 3 answers|put together from/,
  );
  assert.match(await page.locator('.totals').textContent(), /rt_[0-9a-z]{26}/i);
  assert.match(await page.locator('#announcement').textContent(), /The panel is done/);
  assert.deepEqual(complaints, []);
  await picture('done-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture('done-dark');
});

test('a vote is a chart of who chose what', async () => {
  await seat('openai/gpt-5.5', 'anthropic/claude-sonnet-4-6', 'gemini/gemini-2.5-pro');
  await resolveBy('multiple_choice');
  await page.fill('#choices', 'tabs\nspaces\nboth');
  await ask('Tabs or spaces?');
  await over();
  const votes = page.locator('.votes li');
  assert.equal(await votes.count(), 3);
  assert.match(await votes.first().textContent(), /2 votes.*chosen.*gpt-5\.5, claude-sonnet-4-6/);
  const widths = await page
    .locator('.votes .ballot')
    .evaluateAll((all) => all.map((each) => each.style.width));
  assert.equal(widths.length, 3);
  assert.ok(
    widths.every((width) => width.startsWith('33.3')),
    'the bars are drawn, whatever the policy forbids',
  );
  assert.deepEqual(complaints, []);
  await picture('vote');
});

test('a panel of the server puts its models and its choices into the form', async () => {
  await page.click('#panels button:text("panel/indent")');
  assert.equal(await page.locator('.seat-input').count(), 2);
  assert.ok(await page.isChecked('input[name=resolution][value=multiple_choice]'));
  assert.equal(await page.inputValue('#choices'), 'tabs\nspaces');
});

test('a seat that fails says why, one that is asked again says so, and the others do not mind', async () => {
  await ask('Are you there?', 'bad/refusing', 'bad/flaky', 'bad/torn', 'gemini/gemini-2.5-pro');
  await until(async () => (await state(1)) === 'Asking again', 'a retry that shows');
  await over();
  assert.equal(await state(0), 'Failed');
  assert.match(
    await seatAt(0).locator('.seat-error:visible').textContent(),
    /This model has retired/,
  );
  assert.match(await seatAt(1).locator('.retries').textContent(), /503/);
  assert.equal((await answer(1).textContent()).trim(), 'Here now.');
  assert.equal(await seatAt(2).locator('.retries li').count(), 1);
  assert.equal((await answer(2).textContent()).trim(), 'A whole answer this time.');
  assert.match(await page.locator('#announcement').textContent(), /1 of 4 models failed/);
  await picture('failures');
});

test('a panel of which everybody fails says so', async () => {
  await ask('Anybody?', 'bad/refusing');
  await over();
  assert.equal(await state(0), 'Failed');
  assert.match(await page.locator('#round').textContent(), /This model has retired/);
  assert.match(await outcome().textContent(), /fail|answered/i);
});

test('the schema of the answers goes along, and what comes back is shown as JSON', async () => {
  await seat('openai/gpt-5.5', 'gemini/gemini-2.5-pro');
  await page.locator('#more summary').click();
  await page.fill('#schema', '{"type": "object", "properties": ');
  await ask('How many?');
  assert.equal(
    await page.locator('#round').isVisible(),
    false,
    'a schema that is not JSON is not sent',
  );
  await page.fill(
    '#schema',
    '{"type":"object","properties":{"people":{"type":"integer"}},"required":["people"],"additionalProperties":false}',
  );
  await ask('How many?');
  await over();
  assert.match(await answer(0).locator('pre.json').textContent(), /^\{\n {2}"people": \d+\n\}$/);
});

test('stop cancels upstream, and what there was stays', async () => {
  await ask('Talk for a minute.', 'slow/talker', 'slow/starter');
  await until(async () => (await answer(0).textContent()).includes('word'), 'the first word');
  await page.getByRole('button', { name: 'Stop' }).click();
  await until(async () => {
    const { aborted } = await provider.seen();
    return aborted.includes('slow/talker') && aborted.includes('slow/starter');
  }, 'both calls cancelled at the provider');
  await over();
  assert.deepEqual([await state(0), await state(1)], ['Stopped', 'Stopped']);
  assert.match(await answer(0).textContent(), /word/);
  assert.match(await outcome().textContent(), /You stopped this round/);
  assert.ok(await page.locator('#submit').isEnabled());
});

test('leaving the page cancels upstream too, and the round is kept as far as it came', async () => {
  await ask('Talk, and be left.', 'slow/talker');
  await until(async () => (await answer(0).textContent()).includes('word'), 'the first word');
  const before = (await provider.seen()).aborted.length;
  await page.reload();
  await until(async () => (await provider.seen()).aborted.length > before, 'the call cancelled');
  await page.locator('#past button.open').click();
  assert.match(await answer(0).textContent(), /word/);
  assert.match(await page.locator('#round').textContent(), /left before this round was over/);
});

test('past rounds outlive a reload, are compared, and can be removed', async () => {
  await ask('The first question?', 'openai/gpt-5.5');
  await over();
  await resolveBy('fast');
  await ask('The second question?', 'anthropic/claude-sonnet-4-6', 'gemini/gemini-2.5-pro');
  await over();
  await page.reload();
  const past = page.locator('#past li');
  assert.equal(await past.count(), 2);
  assert.match(await past.first().textContent(), /The second question\?.*side by side · 2 models/);
  await past.nth(1).locator('button.open').click();
  assert.match(await answer(0).textContent(), /Begin simple, measure/);
  await page.getByRole('button', { name: 'Ask again' }).click();
  assert.equal(await page.inputValue('#question'), 'The first question?');

  for (const index of [0, 1]) await past.nth(index).locator('input').check();
  await page.click('#compare');
  const table = page.locator('#comparison table').first();
  assert.equal(await table.locator('thead th').count(), 2);
  assert.match(await table.textContent(), /The first question\?The second question\?/);
  assert.match(await table.textContent(), /Begin simple, measure[^]*habit of mind/);
  await picture('compared');

  await past.first().locator('.remove').click();
  assert.equal(await past.count(), 1);
  page.once('dialog', (dialog) => dialog.accept());
  await page.click('#clear-history');
  assert.equal(await past.count(), 0);
  await page.reload();
  assert.equal(await past.count(), 0);
});

test('hostile answers stay text', async () => {
  const outside = [];
  page.on(
    'request',
    (request) => request.url().startsWith(server.url) || outside.push(request.url()),
  );
  const name = 'hostile/<img src=x onerror=window.harmed=9>';
  await ask(
    '<img src=x onerror=window.harmed=10>',
    'hostile/markup',
    'hostile/direction',
    name,
    'hostile/nested',
  );
  await over();
  const text = await answer(0).textContent();
  for (const piece of [
    '<img src=x onerror="window.harmed = 1">',
    '</script><script>window.harmed = 2</script>',
    '<b onclick=',
    '<iframe srcdoc=',
  ]) {
    assert.ok(text.includes(piece), `${piece} is shown as text`);
  }
  assert.equal(
    await page
      .locator('#round :is(img, script, svg, iframe, b, [style]:not(.ballot), [onclick])')
      .count(),
    0,
  );
  const links = await answer(0)
    .locator('a')
    .evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.rel, a.target]));
  for (const [href, rel, target] of links.filter(([href]) => href !== null)) {
    assert.match(href, /^https?:\/\//);
    assert.deepEqual([rel, target], ['noopener noreferrer nofollow', '_blank']);
  }
  assert.match(
    await answer(1).textContent(),
    /invoice-⟨U\+202E⟩gpj\.exe⟨U\+202C⟩ and ⟨U\+2066⟩isolated/,
  );
  assert.ok((await seatAt(2).textContent()).includes('<img src=x onerror=window.harmed=9>'));
  assert.equal(await state(3), 'Done');

  // The same when they come back from the history, and side by side.
  await page.reload();
  await page.locator('#past button.open').click();
  assert.ok((await answer(0).textContent()).includes('<img src=x'));
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  assert.deepEqual(outside, [], 'nothing was fetched from anywhere else');
  assert.deepEqual(complaints, []);
  await picture('hostile');
});

test('a line of a megabyte neither breaks the page nor holds it up', async () => {
  await ask('A long line, please.', 'hostile/line', 'openai/gpt-5.5');
  await over();
  assert.equal(await state(0), 'Done');
  assert.match(await answer(0).locator('.note').textContent(), /900,000 more characters/);
  const { body, window: view } = await page.evaluate(() => ({
    body: document.body.scrollWidth,
    window: window.innerWidth,
  }));
  assert.ok(body <= view, 'it does not make the page wider');
  const began = Date.now();
  await page.fill('#question', 'Still there?');
  assert.ok(Date.now() - began < 3000);
  await page.reload();
  assert.equal(await page.locator('#past li').count(), 1);
});

test('Markdown that is slow to read does not hold the page up', async () => {
  await ask('Slowly, please.', 'hostile/slow');
  await until(async () => (await answer(0).textContent()).length > 5000, 'a long paragraph');
  const longest = await page.evaluate(async () => {
    let [last, longest] = [performance.now(), 0];
    for (const end = last + 1500; last < end;) {
      await new Promise((resolve) => setTimeout(resolve));
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
    return longest;
  });
  assert.ok(longest < 1000, `${longest} ms without a moment for anything else`);
  await over();
  assert.equal((await answer(0).textContent()).trim().length, 400 * 99);
});

test('everything works by keyboard alone', async () => {
  await page.locator('.seat-input').first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'question');
  await page.keyboard.type('By keyboard?');
  await page.keyboard.press('Control+Enter');
  await over();
  assert.match(await page.locator('.asked-text').textContent(), /By keyboard\?/);

  // Every control that can be seen is reached by Tab, and shows that it has the focus.
  const reached = new Set();
  let rounds = 0; // past the end, the focus leaves the page and comes back at its start
  for (let i = 0; i < 120 && rounds < 2; ++i) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const { activeElement: element } = document;
      if (element === document.body) return null;
      const shown = element.closest('.resolution label')?.querySelector('span') ?? element;
      const ring =
        getComputedStyle(shown).outlineStyle !== 'none' || element.closest('.seat-input') !== null;
      return {
        name: element.getAttribute('aria-label') ?? element.id ?? '',
        text: element.textContent.trim().slice(0, 30),
        ring,
      };
    });
    if (at === null) {
      ++rounds;
      continue;
    }
    assert.ok(at.ring, `${at.name} ${at.text} shows its focus`);
    reached.add(at.text || at.name);
  }
  for (const name of [
    'Skip to the question',
    '+ Add a model',
    'More',
    'Ask the panel',
    'Ask again',
    'Clear all',
  ]) {
    assert.ok(reached.has(name), `${name} is reached by Tab`);
  }

  // Stop by Escape, from wherever the focus is; it is not lost then.
  await seat('slow/talker');
  await page.locator('#question').focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Talk.');
  await page.keyboard.press('Control+Enter');
  await until(async () => (await answer(0).textContent()).includes('word'), 'the first word');
  await page.keyboard.press('Escape');
  await over();
  assert.equal(await state(0), 'Stopped');

  // What is pressed hands the focus on: to Stop, and then to Ask again.
  await page.locator('#submit').focus();
  await page.keyboard.press('Enter');
  await until(
    () => page.evaluate(() => document.activeElement.textContent === 'Stop'),
    'the focus on Stop',
  );
  await page.keyboard.press('Enter');
  await until(
    () => page.evaluate(() => document.activeElement.textContent === 'Ask again'),
    'the focus handed on',
  );
});

test('whatever is written is dark enough or light enough to be read', async () => {
  await ask('Readable?', 'good/markdown', 'bad/refusing', 'bad/flaky', 'gemini/gemini-2.5-pro');
  await over();
  await page.locator('#more summary').click();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const poor = await page.evaluate(poorContrasts);
    assert.deepEqual(poor, [], colorScheme);
  }
});

/** Runs in the page: texts whose contrast with what is behind them is under 4.5 to 1. */
function poorContrasts() {
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) =>
      v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { rgb, a } = parse(getComputedStyle(at).backgroundColor);
      if (a === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (
      !node.data.trim() ||
      !element.checkVisibility() ||
      element.closest('noscript, .unseen, button:disabled')
    )
      continue;
    const [a, b] = [light(parse(getComputedStyle(element).color).rgb), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.push(`${contrast.toFixed(2)}: ${node.data.trim().slice(0, 40)}`);
  }
  return poor;
}

test('every field and button has a name, and the headings are in order', async () => {
  await ask('Named?', 'good/markdown', 'bad/refusing');
  await over();
  await page.locator('#more summary').click();
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll('button, input, textarea, select, article, [role="group"]')]
      .filter((element) => element.checkVisibility())
      .filter(
        (element) =>
          !(
            element.getAttribute('aria-label') ||
            element.labels?.[0]?.textContent.trim() ||
            (element.tagName === 'BUTTON' && element.textContent.trim())
          ),
      )
      .map((element) => element.outerHTML.slice(0, 80)),
  );
  assert.deepEqual(nameless, []);
  assert.equal(
    await page.locator('[aria-live], [role="status"], [role="alert"]').count(),
    2,
    'little is read out unasked',
  );
});

test('a narrow screen shows everything, below each other', async () => {
  await context.close();
  await newPage({
    viewport: { width: 360, height: 740 },
    colorScheme: 'dark',
    hasTouch: true,
    isMobile: true,
  });
  await ask('Does this fit?', 'good/markdown', 'bad/refusing', 'hostile/line');
  await over();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${wide} pixels too wide`);
  const lefts = await page
    .locator('.seat')
    .evaluateAll((all) => all.map((each) => Math.round(each.getBoundingClientRect().left)));
  assert.equal(new Set(lefts).size, 1);
  await picture('narrow-dark');
});

test('the colours that were chosen stay', async () => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.selectOption('#theme', 'dark');
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  assert.equal(await ground(), dark);
  await page.selectOption('#theme', '');
  assert.equal(await ground(), light);
});

test('a server that asks for a key gets it, for this tab only', async () => {
  const key = 'sk-a-key-for-the-page';
  const guarded = await startServer(provider, key);
  try {
    await context.close();
    await newPage({}, guarded.url);
    await page.locator('#key').waitFor();
    await page.fill('#key', 'sk-of-somebody-else');
    await page.keyboard.press('Enter');
    await page.locator('#problem').waitFor();
    await page.fill('#key', key);
    await page.keyboard.press('Enter');
    await page.locator('#key-form').waitFor({ state: 'hidden' });
    await ask('With a key?', 'openai/gpt-5.5');
    await over();
    assert.equal(await state(0), 'Done');
    assert.equal(
      await page.evaluate((of) => JSON.stringify(localStorage).includes(of), key),
      false,
    );
    await page.reload();
    await ask('Still?', 'openai/gpt-5.5');
    await over();
    assert.equal(await state(0), 'Done');
    await page.click('#forget-key');
    await page.locator('#key').waitFor();
    assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage)), '{}');
  } finally {
    await guarded.stop();
  }
});

test('what the server refuses is said, and is no round', async () => {
  await page.locator('#more summary').click();
  await page.evaluate(() => (document.getElementById('timeout').max = ''));
  await page.fill('#timeout', '999');
  await ask('Too long?', 'openai/gpt-5.5');
  await page.locator('#problem').waitFor();
  assert.match(await page.locator('#problem').textContent(), /timeout_ms/);
  assert.equal(await page.locator('#past li').count(), 0);
});

test('a server that goes away is said to', async () => {
  const brief = await startServer(provider);
  await context.close();
  await newPage({}, brief.url);
  await ask('Will you stay?', 'slow/talker');
  await until(async () => (await answer(0).textContent()).includes('word'), 'the first word');
  await brief.stop();
  await over();
  assert.match(await page.locator('#round').textContent(), /connection broke/);
  await ask('Are you there?', 'slow/talker');
  await over();
  assert.match(await page.locator('#round').textContent(), /cannot be reached/);
});

test('the page is served with a strict policy, and again only if it changed', async () => {
  const page = await fetch(server.url);
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  const policy = page.headers.get('content-security-policy');
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
  assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/);
  assert.match(policy, /require-trusted-types-for 'script'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(page.headers.get('cache-control'), 'no-cache');
  const again = await fetch(server.url, { headers: { 'If-None-Match': page.headers.get('etag') } });
  assert.equal(again.status, 304);
  assert.equal(await again.text(), '');
  const text = await page.text();
  assert.doesNotMatch(
    text,
    /<script>|<style|style=|\son[a-z]+=|https?:/,
    'nothing inline, nothing from elsewhere',
  );
  for (const [, path] of text.matchAll(/(?:src|href)="(page\/[^"]+)"/g)) {
    assert.equal((await fetch(`${server.url}/${path}`)).status, 200, path);
  }
  for (const path of ['/page/', '/page/../page.hpp', '/page/package.json', '/page/vendor.mjs']) {
    assert.equal((await fetch(server.url + path)).status, 404, path);
  }
});
