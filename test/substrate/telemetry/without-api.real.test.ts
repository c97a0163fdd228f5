import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { sh } from '../../helpers/sh.ts';

it('boots VMs where there is no OpenTelemetry', async () => {
  const program = fileURLToPath(new URL('without-api-program.ts', import.meta.url));
  const { stdout, stderr } = await sh(`exec '${process.execPath}' --conditions=source '${program}'`);
  expect({ stdout: JSON.parse(stdout || 'null'), stderr }).toEqual({
    stdout: { has: false, code: 'BOOT_FAILED' },
    stderr: '',
  });
});
