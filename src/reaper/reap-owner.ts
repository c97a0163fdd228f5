import { Journal } from '../journal/index.ts';
import { reap } from './reap.ts';

/** Removes what the owner with this id has left. One that has let go in order has left nothing. */
export async function reapOwner(stateDir: string, id: string): Promise<void> {
  const journal = new Journal(stateDir);
  const record = (await journal.owners()).find(({ owner }) => owner.id === id);
  if (record) await reap(journal, record.owner);
}
