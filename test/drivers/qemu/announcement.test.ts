import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hasAnnounced, READY_LINE } from '../../../src/drivers/qemu/announcement.ts';
import { RECIPES } from '../../../src/drivers/qemu/images/recipe.ts';
import { tempDir } from '../../helpers/temp.ts';

it('hears a guest that says on its console that it can be logged in to, and no other', async () => {
  await using temp = await tempDir();
  const file = join(temp.path, 'console.log');
  expect(await hasAnnounced(file)).toBe(false);
  await writeFile(file, 'Loading initial ramdisk\r\nvzvm: ss');
  expect(await hasAnnounced(file)).toBe(false);
  await writeFile(file, `Loading initial ramdisk\r\n${READY_LINE}\r\n${'more\r\n'.repeat(10_000)}`);
  expect(await hasAnnounced(file)).toBe(true);
});

it.each(Object.entries(RECIPES))('is what sshd in %s says', (_, { files }) => {
  expect(files['/etc/systemd/system/ssh.service']).toContain(`echo "${READY_LINE}" > /dev/console`);
});
