import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dialTcp } from '../../src/drivers/dial-tcp.ts';
import { newGuestName } from '../../src/drivers/guest-name.ts';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';
import { createTartDriver } from '../../src/drivers/tart/index.ts';
import { rejection } from '../helpers/rejection.ts';
import { freePort } from '../helpers/sshd.ts';
import { tempDir } from '../helpers/temp.ts';
import { never, type Provocation, requestOf, withTart } from './provocation.ts';

const quiet = { signal: never, log: () => undefined };
const REMOTE = 'registry.example/me/ubuntu:1';
/** It says that there is a VM that does not run. */
const STOPPED = `echo '{"State":"stopped"}'`;

/** What drivers refuse. */
export const ofDrivers = {
  TOOL_MISSING: async () => {
    const driver = createTartDriver({ tartBin: '/no/such/tart' });
    const error = await rejection(driver.resolveImage('base', quiet));
    return { error, says: ['/no/such/tart'], todo: 'brew install cirruslabs/cli/tart', hasCause: true };
  },

  TOOL_TOO_OLD: () =>
    withTart({ '--version': 'echo 1.0.0' }, async ({ driver }) => {
      const error = await rejection(driver.resolveImage('base', quiet));
      return { error, says: ['tart 1.0.0'], todo: 'brew upgrade cirruslabs/cli/tart' };
    }),

  PERMISSION_DENIED: async () => {
    await using temp = await tempDir();
    const tartBin = join(temp.path, 'tart');
    await writeFile(tartBin, 'no program', { mode: 0o600 });
    const error = await rejection(createTartDriver({ tartBin }).resolveImage('base', quiet));
    return { error, says: [tartBin], todo: `ls -l $(command -v ${tartBin})`, hasCause: true };
  },

  IMAGE_NOT_FOUND: async () => {
    await using temp = await tempDir();
    const driver = createQemuDriver({ stateDir: join(temp.path, 's'), cacheDir: join(temp.path, 'c') });
    const error = await rejection(driver.resolveImage('debian:1', quiet));
    return { error, says: ['"debian:1"'], todo: 'use debian:12' };
  },

  IMAGE_BUILD_FAILED: () =>
    withTart({ clone: 'echo "a bad day" >&2; exit 1' }, async ({ driver }) => {
      const { guest, image } = requestOf('base');
      const request = { guest, key: '0123456789abcdef', base: image, description: '', login: { user: 'me' } };
      const error = await rejection(driver.keepImage(request, never));
      return { error, says: [guest, 'tart ended with 1', 'a bad day'], todo: 'tart prune' };
    }),

  IMAGE_DOWNLOAD_FAILED: () => {
    const refused = 'UnexpectedHTTPStatusCode(when: "pulling manifest", code: 401, details: "{}")';
    return withTart({ fqn: 'exit 1', pull: `echo '${refused}' >&2; exit 1` }, async ({ driver }) => {
      const error = await rejection(driver.resolveImage(REMOTE, quiet));
      return { error, says: [REMOTE, 'code: 401'], todo: 'tart login registry.example' };
    });
  },

  NAME_TAKEN: () =>
    withTart({ get: STOPPED }, async ({ driver }) => {
      const guest = newGuestName();
      const error = await rejection(driver.clone(requestOf('base', guest), never));
      return { error, says: [guest], todo: `npx vzvm rm ${guest}` };
    }),

  LIMIT_REACHED: () => {
    const said = 'The number of VMs exceeds the system limit (other running VMs: a, b)';
    return withTart({ get: STOPPED, run: `echo '${said}' >&2; exit 1` }, async ({ driver }) => {
      const error = await rejection(driver.start(newGuestName(), never));
      return { error, says: ['two VMs'], todo: 'tart stop a' };
    });
  },

  DISK_FULL: () =>
    withTart(
      {},
      async ({ driver, home }) => {
        const error = await rejection(driver.clone(requestOf('base'), never));
        return { error, says: [home, 'MiB free', `${2 ** 40} MiB needed`], todo: `df -h ${home}` };
      },
      { minFreeMiB: 2 ** 40 },
    ),

  CLONE_FAILED: () =>
    withTart({ clone: 'echo "a bad day" >&2; exit 7' }, async ({ driver }) => {
      const guest = newGuestName();
      const error = await rejection(driver.clone(requestOf('base', guest), never));
      return { error, says: ['base', 'tart ended with 7', 'a bad day'], todo: `tart clone base ${guest}` };
    }),

  BOOT_FAILED: () =>
    withTart({ get: STOPPED, run: 'echo "a bad day" >&2; exit 1' }, async ({ driver }) => {
      const guest = newGuestName();
      const error = await rejection(driver.start(guest, never));
      return { error, says: [guest, 'a bad day'], todo: `tart run ${guest}` };
    }),

  DIAL_FAILED: async () => {
    const port = await freePort();
    const error = await rejection(dialTcp('127.0.0.1', port, never));
    return { error, says: [`127.0.0.1:${port}`], todo: `nc -vz 127.0.0.1 ${port}`, hasCause: true };
  },
} satisfies Record<string, Provocation>;
