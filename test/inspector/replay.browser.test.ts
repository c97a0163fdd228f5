import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { VzvmError } from '../../src/errors.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';
import { rejection } from '../helpers/rejection.ts';
import { streams } from '../helpers/streams.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';
import { openPage, startBrowser } from './browser.ts';

/** A boot whose first clone fails, and whose guest panics, and after it one that is cancelled; in a file. */
async function recordFailedBoot(trace: string): Promise<void> {
  const busy = new VzvmError('CLONE_FAILED', 'the image is busy', { retry: 'safe' });
  const panic = new VzvmError('BOOT_FAILED', 'the guest has panicked', {
    hint: 'read its console',
    stderrTail: 'Kernel panic - not syncing',
  });
  const driver = createFakeDriver({ script: { clone: [busy, 'ok'], start: ['ok', 'hang'], address: panic } });
  await using substrate = new VZVMSubstrate({ driver, baseImage: 'fake', prepare: 'never', trace });
  await expect(substrate.bootHarness({ envs: {} })).rejects.toThrow('the guest has panicked');
  const cancel = new AbortController();
  const boot = rejection(substrate.bootHarness({ envs: {}, signal: cancel.signal }));
  await until('it starts', () => driver.calls.filter((call) => call.startsWith('start')).length === 2);
  cancel.abort();
  expect(await boot).toMatchObject({ code: 'ABORTED' });
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
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  const failureOf = (page: Page) => page.getByRole('region', { name: 'Failure' });
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
      await using open = await openPage(browser, served.url, { viewport });
      const { page } = open;
      const failure = await failureOf(page).innerText();
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
      expect(open.offences).toEqual([]);
    }
  });

  it('goes back in time and on again by keyboard: what was not known then is not shown', async () => {
    await using temp = await tempDir();
    const trace = join(temp.path, 'failed.ndjson');
    await recordFailedBoot(trace);
    await using served = await replay(trace);
    await using open = await openPage(browser, served.url);
    const { page } = open;
    await failureOf(page).waitFor();
    const active = '#chart [data-state="vm.alive.cloning"].is-active';
    const end = Number(await moment(page).inputValue());
    expect(end).toBeGreaterThan(0);
    await moment(page).focus();
    await page.keyboard.press('Home');
    await page.locator(active).waitFor({ state: 'attached' });
    expect(await failureOf(page).isVisible()).toBe(false);
    expect(await moment(page).inputValue()).toBe('0');
    await page.keyboard.press('.');
    await until('it has moved on', async () => Number(await moment(page).inputValue()) > 0);
    await page.keyboard.press('0');
    await failureOf(page).waitFor();
    expect(await page.locator(active).count()).toBe(0);
    expect(Number(await moment(page).inputValue())).toBe(end);
    expect(open.offences).toEqual([]);
  });
});
