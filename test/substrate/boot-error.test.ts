import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../src/errors.ts';
import type { VmFailure } from '../../src/machines/vm/index.ts';
import { BootError } from '../../src/substrate/boot-error.ts';

const failure: VmFailure = {
  step: 'ssh-connect',
  code: 'STEP_TIMEOUT',
  message: 'ssh-connect was not done within 5 ms',
  attempt: 3,
  facts: { timeoutMs: 5 },
  hint: 'read the console',
  lastError: 'connection refused',
};
const details = { guest: 'ca-1', isKept: false, consoleTail: '', problems: [], cause: undefined };

describe('the error of a boot', () => {
  it('says the step, the cause, the last error and what to do', () => {
    const cause = new Error('why');
    const error = new BootError(failure, { ...details, problems: ['disk: busy'], cause });
    expect(error).toBeInstanceOf(VzvmError);
    expect(error).toMatchObject({
      code: 'STEP_TIMEOUT',
      step: 'ssh-connect',
      attempt: 3,
      hint: 'read the console; remove what is left of it: npx vzvm rm ca-1',
      facts: { timeoutMs: 5, guest: 'ca-1', step: 'ssh-connect', attempt: 3 },
      problems: ['disk: busy'],
      cause,
    });
    expect(error.message).toBe(
      [
        'ssh-connect failed: ssh-connect was not done within 5 ms',
        'last error: connection refused',
        'what to do: read the console; remove what is left of it: npx vzvm rm ca-1',
      ].join('\n  '),
    );
  });

  it('says first what to do about that which failed again and again until the deadline', () => {
    const cause = new VzvmError('LIMIT_REACHED', 'connection refused', { hint: 'free an address' });
    const error = new BootError(failure, { ...details, cause });
    expect(error.hint).toBe('free an address; or read the console');
    expect(error.message).toContain('what to do: free an address; or read the console');
    const other = new VzvmError('DIAL_FAILED', 'of another step', { hint: 'wait' });
    expect(new BootError(failure, { ...details, cause: other }).hint).toBe('read the console');
  });

  it('keeps what a program wrote, and how it ended', () => {
    const error = new BootError({ ...failure, exitCode: 3, stderrTail: 'no space' }, details);
    expect(error).toMatchObject({ exitCode: 3, stderrTail: 'no space' });
  });

  it('shows the end of the console where the guest was not reached', () => {
    const consoleTail = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n');
    for (const step of ['booting', 'ip-polling', 'ssh-connect'] as const) {
      const { message } = new BootError({ ...failure, step }, { ...details, consoleTail });
      expect(message).toContain('console:\nline 25\n');
      expect(message).not.toContain('line 24\n');
    }
  });

  it('does not show the console of a guest that was reached, but has it', () => {
    const error = new BootError({ ...failure, step: 'spawn' }, { ...details, consoleTail: 'login:' });
    expect(error.message).not.toContain('login:');
    expect(error.consoleTail).toBe('login:');
  });

  it.each([
    ['ssh-connect', 'npx vzvm logs ca-1'],
    ['upload', 'npx vzvm ssh ca-1'],
    ['spawn', 'npx vzvm logs ca-1 --harness'],
  ] as const)('of a VM that is kept says how to look into it and to remove it: %s', (step, look) => {
    const { hint } = new BootError({ ...failure, step }, { ...details, isKept: true });
    expect(hint).toBe(
      `read the console; the VM is kept, look into it: ${look}; then remove it: npx vzvm rm ca-1`,
    );
  });
});
