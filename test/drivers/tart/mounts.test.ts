import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { running } from '../../helpers/tart/guest.ts';
import { startTartBench } from '../../helpers/tart/index.ts';

it('offers folders of the host as devices of their own, which are only read unless it is told otherwise', async () => {
  await using bench = await startTartBench();
  const source = tmpdir();
  const driver = bench.another({
    mounts: [
      { source, target: '/mnt/seen', isWritable: false },
      { source, target: '/mnt/shared', isWritable: true },
    ],
  });
  const { guest } = await running(driver);
  await driver.delete(guest);
  const run = (await bench.calls()).find((call) => call.startsWith(`run ${guest}`));
  expect(run).toContain(` --dir=${source}:ro,tag=vzvm0 --dir=${source}:tag=vzvm1`);
});
