import { describe, expect, it } from 'vitest';
import { TartCli } from '../../../src/drivers/tart/cli.ts';
import { deleteVm } from '../../../src/drivers/tart/delete.ts';
import { VzvmError } from '../../../src/errors.ts';
import { DEFAULT_TIMEOUTS_MS } from '../../../src/machines/vm/index.ts';
import type { RunResult } from '../../../src/process/run.ts';

const NO_VM = 2;
/** What a VM takes that hears no power cut. */
const STOP_MS = 20_000;

/** Every verb hangs some times, each to the end of its deadline; then it does what it is asked for. */
class Hanging extends TartCli {
  readonly #times: number;
  readonly #calls = new Map<string, number>();
  waitedMs = 0;
  isDeleted = false;

  constructor(times: number) {
    super({ bin: 'tart', home: '/nowhere' });
    this.#times = times;
  }

  override run([verb = '']: readonly string[], { timeoutMs }: { timeoutMs: number }): Promise<RunResult> {
    const calls = (this.#calls.get(verb) ?? 0) + 1;
    this.#calls.set(verb, calls);
    if (calls <= this.#times) {
      this.waitedMs += timeoutMs;
      return Promise.reject(new VzvmError('COMMAND_TIMEOUT', 'it hangs'));
    }
    const exitCode = this.isDeleted ? NO_VM : 0;
    if (verb === 'delete') this.isDeleted = true;
    return Promise.resolve({ exitCode, stdout: '', stderrTail: '' });
  }
}

describe('a VM whose commands hang', () => {
  it('once each is deleted before its release is too late', async () => {
    const tart = new Hanging(1);
    await deleteVm(tart, 'ca-1');
    expect(tart.isDeleted).toBe(true);
    expect(tart.waitedMs).toBeGreaterThan(0);
    expect(tart.waitedMs + STOP_MS).toBeLessThan(DEFAULT_TIMEOUTS_MS.disposing);
  });

  it('again and again is not waited for', async () => {
    const tart = new Hanging(2);
    await expect(deleteVm(tart, 'ca-1')).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT' });
    expect(tart.waitedMs).toBeLessThan(DEFAULT_TIMEOUTS_MS.disposing);
  });
});
