import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VzvmError } from '../../src/errors.ts';
import { Inspector, InspectorServer, type InspectorRecord } from '../../src/inspector/index.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { until } from '../helpers/until.ts';
import { openPage, startBrowser } from './browser.ts';
import { factsOf, simulateVm } from './simulated-vm.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

const failing = () => {
  throw new VzvmError('CLONE_FAILED', 'the disk is slow', { retry: 'safe' });
};
const refused = () => {
  throw new VzvmError('SSH_AUTH_FAILED', 'the guest refused the password', { hint: 'give sshPassword' });
};

/** An inspector with a VM that was tried twice and is healthy, and one that has failed. */
async function withVms() {
  const inspector = new Inspector();
  const url = await inspector.listen();
  const begin = (name: string, script = {}) => {
    const of = inspector.recorder.begin(factsOf(name));
    return { of, vm: simulateVm(name, of, script) };
  };
  const bad = begin('ca-bad', { connect: [refused] });
  bad.of.log('console', ['[    0.000000] Linux version 6.1', 'login: <b>not markup</b>']);
  await bad.vm.ended();
  bad.of.advise('see its console; or give sshPassword');
  const good = begin('ca-good', { clone: [failing, () => undefined] });
  await good.vm.healthy();
  return {
    inspector,
    url,
    begin,
    good,
    [Symbol.asyncDispose]: async () => {
      await good.vm.end();
      await inspector.close();
    },
  };
}

describe('the page', () => {
  it('shows a boot of the real substrate live: chart, timeline, stream, log of the harness, and its end', async () => {
    await using guest = await startFakeGuest();
    const substrate = new VZVMSubstrate({ ...guest.options, inspector: { onUrl: () => undefined } });
    const url = (await substrate.inspectorUrl()) ?? '';
    await using open = await openPage(browser, url);
    const { page, offences } = open;
    await page.getByText('No VM yet').waitFor();
    const { vm, shutdown } = await substrate.bootHarness({ envs: { KEY: 'env-canary-value' } });
    await page.getByRole('heading', { name: vm.name }).waitFor();
    await page.locator('.pill', { hasText: 'ready' }).waitFor();
    await page.locator('[data-state="vm.alive.running.provision.healthy"].is-active').waitFor();
    expect(await page.locator('[data-state="vm.alive.cloning"]').getAttribute('class')).toContain(
      'was-active',
    );
    expect(await page.locator('[data-edge].was-taken').count()).toBeGreaterThan(10);
    await page.locator('.wf-row[data-kind="active"]', { hasText: 'healthy' }).waitFor();
    await page.getByText('clone has ended well').waitFor();
    await page.getByRole('tab', { name: 'Harness' }).click();
    await page.getByText('up with KEY').waitFor();
    await shutdown();
    await page.getByText('shutdown; nothing was left behind').waitFor();
    expect(await page.content()).not.toContain('env-canary-value');
    await substrate.dispose();
    await page.getByText('The program has ended').waitFor();
    expect(offences).toEqual([]);
  });

  it('shows what failed, where, what to do and what the console said; as text, never as markup', async () => {
    await using at = await withVms();
    await using open = await openPage(browser, at.url);
    const { page, offences } = open;
    await page.getByRole('option', { name: 'ca-bad' }).click();
    const failure = page.getByRole('region', { name: 'Failure' });
    await failure.getByText('SSH_AUTH_FAILED').waitFor();
    expect(await failure.textContent()).toContain('What to dosee its console; or give sshPassword');
    expect(await failure.textContent()).toContain('<b>not markup</b>');
    await page.locator('[data-state="vm.alive.running.provision.ssh-connect.trying"].is-failed').waitFor();
    await page.locator('.wf-row[data-kind="failed"]', { hasText: 'ssh-connect' }).waitFor();
    expect(offences).toEqual([]);
  });

  it('counts what was tried again', async () => {
    await using at = await withVms();
    await using open = await openPage(browser, at.url);
    const { page } = open;
    await page.locator('[data-state="vm.alive.cloning.trying"] .state-count', { hasText: '×2' }).waitFor();
    await page.locator('.wf-row', { hasText: 'cloning' }).locator('.tries', { hasText: '×2' }).waitFor();
    await page.getByText('clone failed: the disk is slow').waitFor();
    expect(await page.locator('.wf-row', { hasText: 'cloning' }).textContent()).toContain('/ 5 min');
  });

  it('counts looks for what is not there yet apart from what was tried again', async () => {
    await using at = await withVms();
    const pollAddress = [...Array.from({ length: 5 }, () => () => null), () => '10.0.0.9'];
    const slow = at.begin('ca-slow', { pollAddress });
    await slow.vm.healthy();
    await using open = await openPage(browser, at.url);
    const { page } = open;
    await page.getByRole('option', { name: 'ca-slow' }).click();
    const row = page.locator('.wf-row[title$="looked 5 times"]', { hasText: 'ip-polling' });
    await row.waitFor();
    expect(await row.locator('.tries').count()).toBe(0);
    await slow.vm.end();
  });

  it('goes back to any moment, and to the present again', async () => {
    await using at = await withVms();
    await using open = await openPage(browser, at.url);
    const { page } = open;
    await page.locator('.pill', { hasText: 'ready' }).waitFor();
    await page.getByRole('slider', { name: 'Moment' }).press('Home');
    await page.locator('[data-state="vm.alive.cloning"].is-active').waitFor();
    expect(await page.locator('[data-state="vm.alive.running.provision.healthy"].is-active').count()).toBe(0);
    await page.locator('body').press('.');
    await page.locator('.moment').waitFor();
    await page.getByRole('button', { name: 'Live' }).click();
    await page.locator('[data-state="vm.alive.running.provision.healthy"].is-active').waitFor();
  });

  it('comes back after a lost connection, with what has happened meanwhile, and nothing twice', async () => {
    const inspector = new Inspector();
    const url = await inspector.listen();
    const of = inspector.recorder.begin(factsOf('ca-1'));
    const vm = simulateVm('ca-1', of);
    await vm.healthy();
    await using open = await openPage(browser, url);
    const { page } = open;
    await page.getByText('Live', { exact: true }).first().waitFor();
    await page.context().setOffline(true);
    of.log('substrate', ['said while nobody could hear']);
    await page.context().setOffline(false);
    await page.getByRole('tab', { name: 'Log' }).click();
    await page.getByText('said while nobody could hear').waitFor();
    expect((await page.getByText('said while nobody could hear').allTextContents()).join()).toBe(
      'said while nobody could hear',
    );
    await vm.end();
    await inspector.close();
  });
});

describe('by keyboard alone', () => {
  it('VMs are chosen, tabs, filter, chart and help are reached, and focus is seen', async () => {
    await using at = await withVms();
    await using open = await openPage(browser, at.url);
    const { page, offences } = open;
    const { keyboard } = page;
    await page.getByRole('heading', { name: 'ca-good' }).waitFor();
    await keyboard.press('j');
    await page.getByRole('heading', { name: 'ca-bad' }).waitFor();
    await keyboard.press('k');
    await page.getByRole('heading', { name: 'ca-good' }).waitFor();
    await keyboard.press('2');
    await page.getByRole('tab', { name: 'Context', selected: true }).waitFor();
    await page.getByRole('tab', { name: 'Context' }).focus();
    await keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Console', selected: true }).waitFor();
    await keyboard.press('/');
    await page.locator('#filter:focus').waitFor();
    await keyboard.type('booting');
    await until('only what matches is listed', async () => {
      const rows = await page.locator('.row.kind-microstep').allTextContents();
      return rows.length > 0 && rows.every((row) => row.includes('booting'));
    });
    await keyboard.press('Escape');
    await keyboard.press('Escape');
    await keyboard.press('z');
    await page.getByRole('button', { name: 'Whole', pressed: true }).waitFor();
    await keyboard.press('f');
    await page.getByRole('button', { name: 'Follow', pressed: true }).waitFor();
    await keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await keyboard.press('Escape');
    await keyboard.press('Tab');
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
    expect(offences).toEqual([]);
  });
});

describe('on a phone', () => {
  it('all of it fits the width, and can be reached', async () => {
    await using at = await withVms();
    await using open = await openPage(browser, at.url, {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
    });
    const { page } = open;
    await page.locator('.pill', { hasText: 'ready' }).waitFor();
    for (const name of ['ca-good', 'ca-bad']) {
      await page.getByRole('option', { name }).tap();
      await page.getByRole('heading', { name }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    }
    await page.getByRole('tab', { name: 'Context' }).tap();
    await page.getByText('disposeReason').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
});

describe('in the dark', () => {
  it.each(['light', 'dark'] as const)('words can be read: %s', async (colorScheme) => {
    await using at = await withVms();
    await using open = await openPage(browser, at.url, { colorScheme });
    const { page } = open;
    await page.getByRole('option', { name: 'ca-bad' }).click();
    await page.locator('.failure-message').waitFor();
    const found = (await page.evaluate(CONTRASTS)) as readonly {
      readonly what: string;
      readonly ratio: number;
    }[];
    expect(found.length).toBeGreaterThan(8);
    expect(found.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
    const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    const brightness =
      String(background)
        .match(/\d+/g)
        ?.map(Number)
        .reduce((sum, each) => sum + each, 0) ?? 0;
    expect(brightness < 200).toBe(colorScheme === 'dark');
  });
});

describe('a recording', () => {
  it('is shown by the same page, from its beginning to its end', async () => {
    const records: InspectorRecord[] = [];
    {
      await using at = await withVms();
      records.push(...at.inspector.recorder.vms.flatMap((vm) => vm.since(0)));
    }
    const server = new InspectorServer({ kind: 'recording', title: 'boot.ndjson', records });
    await using open = await openPage(browser, await server.listen());
    const { page, offences } = open;
    await page.getByText('Recording').waitFor();
    await page.getByText('boot.ndjson').waitFor();
    await page.getByRole('option', { name: 'ca-bad' }).click();
    await page.locator('.failure-message', { hasText: 'refused' }).waitFor();
    await page.getByRole('slider', { name: 'Moment' }).press('Home');
    await page.locator('.failure-message').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Play' }).click();
    await page.locator('.failure-message', { hasText: 'refused' }).waitFor();
    expect(offences).toEqual([]);
    await server.close();
  });
});

/** How well words stand out from what is behind them. */
const CONTRASTS = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const chosen = 'h1, h2, .vm-title, .pill, .doing, .facts dd, .facts dt, .tick, .row time, .wf-name, .failure-message, .hint span, .hint strong, .code, .muted, .connection, .tabs button, .vm-name, .vm-where, .wf-time, .log, .row .text, .row .reason, .row .kind';
  return [...document.querySelectorAll(chosen)].filter((each) => each.offsetParent !== null && each.textContent.trim() !== '').map((each) => {
    const [one, other] = [light(parse(getComputedStyle(each).color)), light(behind(each))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    return { what: each.className + ' ' + each.tagName, ratio: Math.round(ratio * 100) / 100 };
  });
})()`;
