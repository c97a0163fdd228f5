import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page that is open, with what it has done that it must not. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Requests to any other host than the one of its address, errors, and what its policy has refused. */
  readonly offences: readonly string[];
}

export function startBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((place) => existsSync(place));
  if (executablePath === undefined)
    throw new Error('there is no Chromium; install it: apt-get install chromium');
  return chromium.launch({ executablePath, args: FLAGS });
}

/** Opens an address in a fresh profile. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const offences: string[] = [];
  page.on('pageerror', (error) => void offences.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('ERR_CONNECTION_REFUSED'))
      offences.push(message.text());
  });
  context.on('request', (request) => {
    const asked = new URL(request.url());
    if (asked.protocol !== 'data:' && asked.host !== new URL(url).host)
      offences.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, offences, [Symbol.asyncDispose]: () => context.close() };
}
