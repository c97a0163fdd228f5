import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { configFromEnv, configFromStdin } from '../../src/boot/config.ts';

const config = { token: 'a-token-of-this-test', host: '127.0.0.1', port: 7700, env: { KEY: 'secret-value' } };

/** Reads from a stream that gets these chunks and, unless told to, stays open. */
async function read(chunks: readonly string[], { end = false, timeoutMs = 30_000 } = {}) {
  const input = new PassThrough();
  const result = configFromStdin(input, timeoutMs);
  for (const chunk of chunks) input.write(chunk);
  if (end) input.end();
  return result;
}

describe('the configuration on standard input', () => {
  it('is one line, in however many pieces, whether or not the stream ends', async () => {
    const line = JSON.stringify(config);
    expect(await read([line.slice(0, 9), line.slice(9), '\n'])).toEqual(config);
    expect(await read([line], { end: true })).toEqual(config);
    expect(await read([`${line}\nand more`])).toEqual(config);
  });

  it('needs neither a token nor an environment', async () => {
    expect(await read(['{"host":"0.0.0.0","port":0}\n'])).toEqual({ host: '0.0.0.0', port: 0, env: {} });
  });

  it('parks the harness, with or without somebody who renews its machine', async () => {
    const parked = { secret: 'a-secret-of-this-test' };
    const line = (more: object): string => JSON.stringify({ host: '::', port: 1, parked, ...more });
    expect(await read([line({})], { end: true })).toEqual({ host: '::', port: 1, env: {}, parked });
    const renew = { command: ['sh', '-c', 'cat'] };
    const renewing = { parked: { ...parked, renew } };
    expect(await read([line(renewing)], { end: true })).toMatchObject(renewing);
    for (const bad of [{ token: config.token }, { env: config.env }, { parked: { secret: 'short' } }]) {
      await expect(read([line(bad)], { end: true })).rejects.toThrow(/not valid \(parked/);
    }
  });

  it('says how many sessions there may be', async () => {
    const line = (maxSessions: unknown): string => JSON.stringify({ host: '::', port: 1, maxSessions });
    expect(await read([line(3)], { end: true })).toMatchObject({ maxSessions: 3 });
    for (const bad of [0, -1, 1.5, '3', null]) {
      await expect(read([line(bad)], { end: true })).rejects.toThrow(/not valid \(maxSessions/);
    }
  });

  it.each([
    ['is not JSON', '{"env":{"KEY":"secret-value"'],
    ['has an ill-typed port', JSON.stringify({ ...config, port: 'secret-value' })],
    ['has an ill-typed value', JSON.stringify({ ...config, env: { KEY: ['secret-value'] } })],
    ['has a token that can be guessed', JSON.stringify({ ...config, token: 'short' })],
  ])('is refused, and not quoted, when it %s', async (_what, line) => {
    const error = await read([`${line}\n`]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(String((error as Error).stack)).not.toContain('secret-value');
  });

  it('has a deadline', async () => {
    await expect(read(['{'], { timeoutMs: 5 })).rejects.toThrow('within 5 ms');
  });
});

describe('the configuration in the environment', () => {
  it('is PORT and HOST, on loopback unless told', () => {
    expect(configFromEnv({})).toEqual({ host: '127.0.0.1', port: 7700, env: {} });
    expect(configFromEnv({ PORT: '0', HOST: '::1' })).toEqual({ host: '::1', port: 0, env: {} });
    expect(() => configFromEnv({ PORT: 'x' })).toThrow('PORT');
    expect(() => configFromEnv({ PORT: '70000' })).toThrow('PORT');
  });

  it('may say how many sessions there may be', () => {
    expect(configFromEnv({ MAX_SESSIONS: '12' })).toMatchObject({ maxSessions: 12 });
    expect(configFromEnv({ MAX_SESSIONS: '' })).not.toHaveProperty('maxSessions');
    for (const bad of ['0', '-1', '1.5', 'many'])
      expect(() => configFromEnv({ MAX_SESSIONS: bad })).toThrow('MAX_SESSIONS a whole number from 1');
  });
});
