import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { SoakReport } from '../../chaos/soak/report.ts';
import { reasonToSkipTart } from './requirements.ts';

const reason = reasonToSkipTart();
const FLAT = { isFlat: true };

describe.skipIf(reason !== undefined)(`VM after VM${reason ? ` (${reason})` : ''}`, () => {
  it('adds nothing, and is told what to do when no address is left', async () => {
    // `npm run soak` does it for longer.
    const sizes = ['--cycles', '6', '--lease-cycles', '8', '--leases-taken', '248'];
    const flags = ['--conditions=source', '--no-warnings', '--expose-gc'];
    const child = spawn(process.execPath, [...flags, 'chaos/soak/main.ts', '--json', ...sizes], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const report = JSON.parse(output) as SoakReport;
    expect(report).toMatchObject({
      cycles: 6,
      left: [],
      leases: { cycles: 8, served: 7, explained: 1, freed: 1, unexplained: [], left: [] },
      trends: {
        fileDescriptors: FLAT,
        sockets: FLAT,
        processes: FLAT,
        files: FLAT,
        mounts: FLAT,
        diskKiB: FLAT,
      },
    });
    expect(status).toBe(0);
  });
});
