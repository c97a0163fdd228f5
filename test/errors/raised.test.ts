import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { raisedIn } from '../helpers/raised.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A cancelled operation is no failure; the error of a bug has its hint from its class. */
const WITHOUT = /^\s*'(?:ABORTED|INTERNAL)'/;
/** By its name, or with all else that is known of the failure. */
const HINT = /\bhint\b|\.\.\.explain\(|\brest\b|\bwhy\b/;

describe('every error that the source makes', () => {
  const all = raisedIn(ROOT, 'src', 'VzvmError');

  it('is found', () => {
    expect(all.length).toBeGreaterThan(150);
  });

  it('says what to do', () => {
    const silent = all.filter(({ made }) => !WITHOUT.test(made) && !HINT.test(made));
    expect(silent.map(({ at }) => at).filter((at) => !at.startsWith('src/testing/'))).toEqual([]);
  });
});
