import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/substrate/log.ts';

const throws = () => {
  throw new Error('not my day');
};

describe('a line of the log', () => {
  it('goes to both places that were asked for, and to none where none was', () => {
    const [lines, logged]: [string[], unknown[]] = [[], []];
    const info = (line: unknown) => void logged.push(line);
    const logger = { info, warn: throws, error: throws, debug: throws };
    createLog({ onLog: (line) => void lines.push(line), logger })('one');
    createLog({})('two');
    expect([lines, logged]).toEqual([['one'], ['one']]);
  });

  it('reaches one place when the other throws, at once or later', () => {
    const lines: unknown[] = [];
    const keep = (line: unknown) => void lines.push(line);
    const logger = { info: keep, warn: throws, error: throws, debug: throws };
    createLog({ onLog: throws, logger })('one');
    // oxlint-disable-next-line no-misused-promises -- the compiler lets it pass where the linter is not asked
    createLog({ onLog: () => Promise.reject(new Error('later')), logger })('two');
    createLog({ onLog: keep, logger: { ...logger, info: throws } })('three');
    expect(lines).toEqual(['one', 'two', 'three']);
  });
});
