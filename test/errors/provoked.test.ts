import { describe, expect, it } from 'vitest';
import { ERROR_CODES, isAborted, VzvmError, type VzvmErrorCode } from '../../src/errors.ts';
import { ofBoots } from './of-boots.ts';
import { ofDrivers } from './of-drivers.ts';
import { ofGuests } from './of-guests.ts';
import type { Provocation } from './provocation.ts';

/** A code without a row does not compile. */
const ALL: Readonly<Record<VzvmErrorCode, Provocation>> = { ...ofBoots, ...ofDrivers, ...ofGuests };

describe('every error code', () => {
  it('has one way in which it is provoked, and no other code has', () => {
    expect(Object.keys(ALL).toSorted()).toEqual([...ERROR_CODES].toSorted());
  });

  it.each(ERROR_CODES)('%s: says what happened to what, keeps its cause, and what to do', async (code) => {
    const { error, says, todo, hasCause = false, has = {} } = await ALL[code]();
    expect(error).toBeInstanceOf(VzvmError);
    const { message, hint, cause, code: told } = error as VzvmError;
    expect(told).toBe(code);
    for (const fact of says) expect(message).toContain(fact);
    expect(hint ?? '').toContain(todo ?? '');
    expect(hint === undefined).toBe(todo === undefined);
    expect(cause instanceof Error || !hasCause).toBe(true);
    expect(error).toMatchObject(has);
    expect(isAborted(error)).toBe(code === 'ABORTED');
  });
});
