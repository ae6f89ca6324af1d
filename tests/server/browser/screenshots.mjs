// Takes the pictures for the documentation: `node screenshots.mjs FOLDER`.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { newBrowser, startDemo } from './program.mjs';

const folder = process.argv[2];
/** No picture is larger than this, in bytes. */
const largest = 200 * 1024;

async function save(page, name) {
  const session = await page.context().newCDPSession(page);
  const { contentSize } = await session.send('Page.getLayoutMetrics');
  const { data } = await session.send('Page.captureScreenshot', {
    format: 'webp',
    quality: 85,
    captureBeyondViewport: true,
    clip: {
      x: 0,
      y: 0,
      width: contentSize.width,
      height: Math.min(contentSize.height, 1400),
      scale: 1,
    },
  });
  const picture = Buffer.from(data, 'base64');
  assert.ok(picture.length <= largest, `${name} has ${picture.length} bytes`);
  writeFileSync(`${folder}/${name}.webp`, picture);
  console.log(`${folder}/${name}.webp: ${Math.round(picture.length / 1024)} KiB`);
}

const seats = ['openai/gpt-5.5', 'anthropic/claude-sonnet-4-6', 'gemini/gemini-2.5-pro'];

async function ask(page, question) {
  while ((await page.locator('.seat-input').count()) > 0)
    await page.locator('.seat-input .remove').first().click();
  for (const name of seats) {
    await page.click('#add-seat');
    await page.keyboard.type(name);
  }
  await page.fill('#question', question);
  await page.locator('#question').press('Control+Enter');
}

const over = (page) => page.locator('#round[aria-busy="false"]').waitFor();

async function pictures(browser, url) {
  const page = await browser.newPage({
    viewport: { width: 1360, height: 800 },
    deviceScaleFactor: 1.5,
    colorScheme: 'light',
  });
  await page.goto(url);
  await page.locator('.seat-input').first().waitFor();
  await page.check('input[value=multiple_choice]');
  await page.fill('#choices', 'tabs\nspaces\nwhatever the formatter does');
  await ask(page, 'Tabs or spaces?');
  await over(page);
  await page.evaluate(() => document.activeElement.blur());
  await page.emulateMedia({ colorScheme: 'dark' });
  await save(page, 'page-vote');

  await page.emulateMedia({ colorScheme: 'light' });
  await page.check('input[value=summary]');
  await ask(page, 'What is the best database for a multi-tenant SaaS, and why?');
  await over(page);
  await page.evaluate(() => document.activeElement.blur());
  await save(page, 'page-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await save(page, 'page-dark');
}

const demo = await startDemo();
const browser = await newBrowser();
try {
  await pictures(browser, demo.url);
} finally {
  await browser.close();
  await demo.stop();
}
