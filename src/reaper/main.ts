import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The reaper: waits until its owner is gone, whatever ended it, removes what that has left, and ends. As a keeper it waits
 * until the time of one detached VM is over. What it needs is loaded when it is needed: until then it only waits.
 */
const [mode = '', stateDir = '', subject = ''] = process.argv.slice(2);

// A terminal that is closed, or a Ctrl-C in it, is just what it is to survive.
for (const signal of ['SIGHUP', 'SIGINT'] as const) process.on(signal, () => undefined);
// The owner may be gone before it has heard: then there is all the more to do.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
process.stdout.write('ready\n');

if (mode === 'owner') {
  await ownersEnd();
  // An owner that has let go in order has left nothing, not even its name.
  if (!existsSync(join(stateDir, 'journal', `${subject}.owner`))) process.exit();
  const { reapOwner } = await import('./reap-owner.ts');
  await reapOwner(stateDir, subject);
} else {
  const { keep } = await import('./keep.ts');
  await keep(stateDir, subject);
}

/** Only the owner holds the other end of our standard input: it ends with the owner, or when the owner needs us no more. */
async function ownersEnd(): Promise<void> {
  process.stdin.resume();
  await new Promise<void>((resolve) => {
    process.stdin
      .once('end', resolve)
      .once('close', resolve)
      .once('error', () => resolve());
  });
}
