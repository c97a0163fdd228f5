import { leave, type Place } from './place.ts';

/** Does something with a harness's URL; a harness of our own is booted for it, and gone when this settles. */
export async function atHarness<T>(
  place: Place,
  { envs, signal }: { readonly envs: Record<string, string>; readonly signal: AbortSignal },
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (place.kind === 'running') return work(place.url);
  try {
    const harness = await place.substrate.bootHarness({ envs, signal });
    try {
      return await work(harness.baseUrl);
    } finally {
      await harness.shutdown();
    }
  } finally {
    await leave(place);
  }
}
