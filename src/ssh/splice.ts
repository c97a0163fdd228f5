import type { Duplex } from 'node:stream';

/** Joins two byte streams both ways, half-closing each as the other ends; resolves when both are gone. */
export async function splice(one: Duplex, other: Duplex): Promise<void> {
  const gone = [one, other].map((stream) => new Promise<void>((resolve) => stream.once('close', resolve)));
  const end = () => {
    one.destroy();
    other.destroy();
  };
  // A reset on one side is an ordinary end of a forwarded connection: the other side learns of it by its own end.
  for (const stream of [one, other]) stream.on('error', end).on('close', end);
  one.pipe(other);
  other.pipe(one);
  await Promise.all(gone);
}
