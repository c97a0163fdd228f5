import { get } from 'node:http';
import { join } from 'node:path';
import { VZVMSubstrate } from '@computeragent/runtime-vzvm';
import type { RunPlace } from '../place.ts';
import { type Sample, takeSample } from './sample.ts';
import { WARM_UP } from './trend.ts';

export interface CyclesOptions {
  readonly place: RunPlace;
  readonly cycles: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Boots a VM with a harness and ends it, again and again, by one substrate. Answers what there was after each. */
export async function runCycles({ place, cycles, signal, say }: CyclesOptions): Promise<readonly Sample[]> {
  const { stateDir, cacheDir, root } = place;
  await using substrate = new VZVMSubstrate({
    driver: 'tart',
    stateDir,
    cacheDir,
    fork: 'never',
    // Whoever watches must not keep the VMs either. The file grows, as it is meant to, where nobody counts it.
    inspector: { onUrl: () => undefined },
    trace: join(root, 'trace.ndjson'),
  });
  const samples: Sample[] = [];
  for (let cycle = 1; cycle <= cycles + WARM_UP; cycle++) {
    const { baseUrl, shutdown } = await substrate.bootHarness({ envs: { SECRET: 'canary' }, signal });
    const status = await statusOf(`${baseUrl}/v1/health`, signal);
    await shutdown();
    if (status !== 200) throw new Error(`the harness answered ${status}`);
    if (cycle <= WARM_UP) continue;
    const sample = await takeSample(place);
    samples.push(sample);
    say(`${cycle - WARM_UP}/${cycles}: ${JSON.stringify(sample)}`);
  }
  return samples;
}

/** Without fetch(), which keeps something for each address for good. */
function statusOf(url: string, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
      response.once('error', reject);
    });
    request.once('error', reject);
  });
}
