import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { environmentOf, hasUnboundCredentials, tartHome } from '../../../src/drivers/tart/environment.ts';
import { withTraceparent } from '../../../src/drivers/trace-context.ts';
import { running } from '../../helpers/tart/guest.ts';
import { startTartBench } from '../../helpers/tart/index.ts';

const login = { TART_REGISTRY_USERNAME: 'me', TART_REGISTRY_PASSWORD: 'secret' };
const bound = { ...login, TART_REGISTRY_HOSTNAME: 'host.example' };
const removed = { TART_REGISTRY_USERNAME: undefined, TART_REGISTRY_PASSWORD: undefined };

describe('the environment of tart', () => {
  it.each(['pull', 'clone'])('has the login of a registry for %s, where it is bound to its host', (verb) => {
    expect(Object.keys(environmentOf(verb, undefined, bound))).not.toContain('TART_REGISTRY_PASSWORD');
  });

  it('has no login for any other verb, and for none where any registry that asks would get it', () => {
    expect(environmentOf('run', undefined, bound)).toMatchObject(removed);
    expect(environmentOf('exec', undefined, bound)).toMatchObject(removed);
    expect(environmentOf('pull', undefined, login)).toMatchObject(removed);
    expect([hasUnboundCredentials(login), hasUnboundCredentials(bound)]).toEqual([true, false]);
  });

  it('has nothing that makes tart tell others what it is called with', () => {
    const env = { TRACEPARENT: '00-1-2-01', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'x', SENTRY_DSN: 'x' };
    const result = environmentOf('run', undefined, env);
    for (const name of Object.keys(env)) expect(result).toHaveProperty([name], undefined);
  });

  it('is told which span of this program it belongs to, and nothing of where spans go', () => {
    const env = { TRACEPARENT: '00-1-2-01', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'x', SENTRY_DSN: 'x' };
    const result = withTraceparent(
      () => '00-3-4-01',
      () => environmentOf('run', undefined, env),
    );
    expect(result).toMatchObject({ TRACEPARENT: '00-3-4-01', SENTRY_DSN: undefined });
    expect(result).toHaveProperty(['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], undefined);
  });

  it('finds programs where Homebrew puts them, and prunes nothing', () => {
    expect(environmentOf('run', '/h', { PATH: '/usr/bin' })).toMatchObject({
      PATH: '/usr/bin:/opt/homebrew/bin:/usr/local/bin',
      TART_NO_AUTO_PRUNE: '1',
      CI: '1',
      TART_HOME: '/h',
    });
    expect(tartHome(undefined, { TART_HOME: '/t' })).toBe('/t');
  });

  it('is what a VM is run with', async () => {
    for (const [name, value] of Object.entries({
      ...bound,
      TRACEPARENT: '00-1-2-01',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'x',
    }))
      vi.stubEnv(name, value);
    await using bench = await startTartBench();
    const traceparent = () => '00-3-4-01';
    const { guest, pid } = await withTraceparent(traceparent, () => running(bench.driver));
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    await bench.driver.delete(guest);
    vi.unstubAllEnvs();
    expect(environment).toContain('/opt/homebrew/bin');
    expect(environment).toContain('TRACEPARENT=00-3-4-01');
    expect(environment).not.toMatch(/secret|00-1-2-01|OTEL_/);
  });
});
