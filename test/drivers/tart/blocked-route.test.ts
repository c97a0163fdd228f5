import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../../src/errors.ts';
import { explainBlocked, isBlocked } from '../../../src/drivers/tart/blocked-route.ts';

const dialError = (code: string) =>
  new VzvmError('DIAL_FAILED', 'no connection', { cause: Object.assign(new Error(code), { code }) });

describe('a route that the system refuses', () => {
  it.each([
    ['EHOSTUNREACH', true],
    ['EPERM', true],
    ['ECONNREFUSED', false],
    ['ETIMEDOUT', false],
  ])('is told by the code of the socket: %s', (code, isRefused) => {
    expect(isBlocked(dialError(code))).toBe(isRefused);
  });

  it('is explained by what macOS asks for', () => {
    expect(explainBlocked(dialError('EHOSTUNREACH'), 'ca-1-000000000000')).toMatchObject({
      code: 'DIAL_FAILED',
      retry: 'safe',
      hint: expect.stringContaining('Local Network') as string,
    });
  });
});
