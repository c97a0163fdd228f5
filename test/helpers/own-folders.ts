import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

// Each file of tests has default folders of its own: it sees no VM and no image of another file, of another run, or of the
// user who runs the tests.
const folder = mkdtempSync(join(tmpdir(), 'vzvm-home-'));
const own = { VZVM_HOME: join(folder, 'state'), VZVM_CACHE: join(folder, 'cache') };
const before = { VZVM_HOME: process.env['VZVM_HOME'], VZVM_CACHE: process.env['VZVM_CACHE'] };
Object.assign(process.env, own);

afterAll(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  rmSync(folder, { recursive: true });
});
