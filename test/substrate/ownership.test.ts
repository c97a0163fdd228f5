import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/journal/index.ts';
import { OwnedVm } from '../../src/substrate/ownership.ts';
import { tempDir } from '../helpers/temp.ts';
import { startTestVm } from '../helpers/vm-session.ts';

describe('the ownership of a VM', () => {
  it('is not written down by who is cancelled while the reaper does not get ready', async () => {
    await using temp = await tempDir();
    await using vm = await startTestVm();
    const journal = new Journal(temp.path);
    const asked = Promise.withResolvers<void>();
    const standBy = () => {
      asked.resolve();
      return new Promise<never>(() => undefined);
    };
    const deps = { journal, log: () => undefined, standBy, stateDir: temp.path };
    const owned = new OwnedVm(vm.session, { driver: 'fake', options: {} }, deps);
    const cancelling = new AbortController();
    const intending = owned.intend(cancelling.signal);
    await asked.promise;
    cancelling.abort();
    await expect(intending).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(owned.intend(AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    await owned.forget();
    expect(await journal.list()).toEqual([]);
  });
});
