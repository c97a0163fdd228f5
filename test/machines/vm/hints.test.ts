import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../src/errors.ts';
import { guestExitHint, harnessExitHint } from '../../../src/machines/vm/exit-hints.ts';
import { guestExitOf, harnessExitOf, lostOf, timeoutOf } from '../../../src/machines/vm/failure.ts';
import { STEPS } from '../../../src/machines/vm/index.ts';
import { hintOfConsole } from '../../../src/substrate/console-evidence.ts';

describe('the hint of a hypervisor that ended', () => {
  it.each([
    [{ code: 1, signal: null, stderrTail: 'qemu: cannot set up guest memory' }, 'memoryMiB'],
    [{ code: 1, signal: null, stderrTail: 'write: No space left on device' }, 'df -h'],
    [{ code: 1, signal: null, stderrTail: 'kvm: Permission denied' }, 'npx vzvm doctor'],
    [{ code: 0, signal: null, stderrTail: 'Kernel panic - not syncing' }, 'npx vzvm image build'],
    [{ code: null, signal: 'SIGKILL', stderrTail: '' }, 'dmesg'],
    [{ code: 137, signal: null, stderrTail: '' }, 'dmesg'],
    [{ code: null, signal: 'SIGBUS', stderrTail: '' }, 'df -h'],
    [{ code: 0, signal: null, stderrTail: '' }, 'powered itself off'],
    [{ code: 3, signal: null, stderrTail: 'something' }, 'npx vzvm doctor'],
  ])('%o says %s', (exit, part) => {
    expect(guestExitHint(exit)).toContain(part);
  });
});

describe('the hint of a harness that ended', () => {
  it.each([
    [{ code: 134, stderrTail: 'JavaScript heap out of memory' }, 'memoryMiB'],
    [{ code: 137, stderrTail: '' }, 'memoryMiB'],
    [{ code: 1, stderrTail: 'ENOSPC: no space left on device' }, 'diskGiB'],
    [{ code: 1, stderrTail: 'Error [ERR_MODULE_NOT_FOUND]' }, 'npx vzvm image build'],
    [{ code: 98, stderrTail: 'listen EADDRINUSE' }, '7700'],
    [{ code: 1, stderrTail: 'a bad day' }, 'npx vzvm logs ca-1 --harness'],
  ])('%o says %s', (exit, part) => {
    expect(harnessExitHint(exit, 'ca-1')).toContain(part);
  });
});

describe('the hint of a console', () => {
  it.each([
    ['Kernel panic - not syncing: VFS', 'npx vzvm image build'],
    ['Out of memory: Killed process 1', 'memoryMiB'],
    ['write failed: No space left on device', 'diskGiB'],
    ['You are in emergency mode.', 'npx vzvm image build'],
    ['blk_update_request: I/O error', 'dmesg'],
    ['login:', undefined],
  ])('"%s" says %s', (console, part) => {
    expect(hintOfConsole(console) ?? '').toContain(part ?? '');
    expect(hintOfConsole(console) === undefined).toBe(part === undefined);
  });
});

describe('every way that the chart itself fails', () => {
  const at = { vmId: 'ca-1', step: 'spawn', attempt: 1, lastError: null } as const;
  const ways = [
    ...STEPS.map((step) => timeoutOf(step, 1_000, { ...at, step })),
    guestExitOf({ code: 1, signal: null, stderrTail: '' }, at),
    harnessExitOf({ code: 1, stderrTail: '' }, at),
    lostOf({ ...at, timeoutsMs: { healthy: 1 } } as never),
  ];
  it.each(ways)('$step: $code has a code of the list, and a hint', ({ code, hint }) => {
    expect(ERROR_CODES).toContain(code);
    expect(hint).toBeTruthy();
  });
});
