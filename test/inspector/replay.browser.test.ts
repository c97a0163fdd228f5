import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { VzvmError } from '../../src/errors.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';
import { streams } from '../helpers/streams.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A boot whose first clone fails, and whose guest panics; in a file. */
async function recordFailedBoot(trace: string): Promise<void> {
  const busy = new VzvmError('CLONE_FAILED', 'the image is busy', { retry: 'safe' });
  const panic = new VzvmError('BOOT_FAILED', 'the guest has panicked', {
    hint: 'read its console',
    stderrTail: 'Kernel panic - not syncing',
  });
  const driver = createFakeDriver({ script: { clone: [busy, 'ok'], address: panic } });
  await using substrate = new VZVMSubstrate({ driver, baseImage: 'fake', prepare: 'never', trace });
  await expect(substrate.bootHarness({ envs: {} })).rejects.toThrow('the guest has panicked');
}

/** The page of `vzvm replay`, until the end of its scope. */
async function replay(trace: string) {
  const abort = new AbortController();
  const out: string[] = [];
  const ended = runCli(['replay', trace, '--no-open'], {
    signal: abort.signal,
    ...streams,
    out: (line) => void out.push(line),
    log: () => undefined,
    substrate: () => {
      throw new Error('needs no substrate');
    },
  });
  await until('it listens', () => out.length > 0);
  return {
    url: out[0] ?? '',
    [Symbol.asyncDispose]: async () => {
      abort.abort();
      expect(await ended).toBe(0);
    },
  };
}

describe('the replay of a boot that failed', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
  });
  afterAll(() => browser.close());

  /** What the page shows, and what went wrong in it. */
  async function open(url: string, viewport = { width: 1400, height: 900 }) {
    const page = await browser.newPage({ viewport });
    const faults: string[] = [];
    page.on('pageerror', (error) => void faults.push(error.message));
    page.on('requestfailed', (request) => void faults.push(request.url()));
    page.on('request', (request) => void (request.url().startsWith(url) || faults.push(request.url())));
    await page.goto(url);
    await page.getByRole('region', { name: 'Failure' }).waitFor();
    return { page, faults };
  }

  const moment = (page: Page) => page.getByRole('slider', { name: 'Moment' });

  it('shows where it failed, why, and what to do; at phone width, too', async () => {
    await using temp = await tempDir();
    const trace = join(temp.path, 'failed.ndjson');
    await recordFailedBoot(trace);
    await using served = await replay(trace);
    for (const viewport of [
      { width: 1400, height: 900 },
      { width: 360, height: 740 },
    ]) {
      const { page, faults } = await open(served.url, viewport);
      const failure = await page.getByRole('region', { name: 'Failure' }).innerText();
      for (const text of [
        'BOOT_FAILED',
        'in ip-polling',
        'the guest has panicked',
        'read its console',
        'Kernel panic',
      ])
        expect(failure).toContain(text);
      expect(await page.locator('#connection').innerText()).toBe('Recording');
      expect(await page.locator('#origin').innerText()).toBe('failed.ndjson');
      expect(await page.locator('#chart [data-state="vm.alive.cloning"]').getAttribute('class')).toContain(
        'was-active',
      );
      const isWide = await page.evaluate(
        'document.documentElement.scrollWidth > document.documentElement.clientWidth',
      );
      expect(isWide).toBe(false);
      expect(faults).toEqual([]);
      await page.close();
    }
  });

  it('goes back in time and on again by keyboard: what was not known then is not shown', async () => {
    await using temp = await tempDir();
    const trace = join(temp.path, 'failed.ndjson');
    await recordFailedBoot(trace);
    await using served = await replay(trace);
    const { page, faults } = await open(served.url);
    const active = '#chart [data-state="vm.alive.cloning"].is-active';
    const end = Number(await moment(page).inputValue());
    expect(end).toBeGreaterThan(0);
    await moment(page).focus();
    await page.keyboard.press('Home');
    await page.locator(active).waitFor({ state: 'attached' });
    expect(await page.getByRole('region', { name: 'Failure' }).isVisible()).toBe(false);
    expect(await moment(page).inputValue()).toBe('0');
    await page.keyboard.press('.');
    await until('it has moved on', async () => Number(await moment(page).inputValue()) > 0);
    await page.keyboard.press('0');
    await page.getByRole('region', { name: 'Failure' }).waitFor();
    expect(await page.locator(active).count()).toBe(0);
    expect(Number(await moment(page).inputValue())).toBe(end);
    expect(faults).toEqual([]);
    await page.close();
  });
});
