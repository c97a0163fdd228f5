import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf } from './helpers/imports.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const files = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
  .filter((file) => !file.startsWith('src/inspector/page/'))
  .map((file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const);
const imported = files.map(([file, source]) => [file, importsOf(source)] as const);

/**
 * What begins something that may take for ever, and the files that use it: each sees to a deadline, and to a signal where
 * anybody may cancel. Others ask those.
 */
const GUARDED: Readonly<Record<string, readonly string[]>> = {
  undici: ['src/actors/ask-http.ts', 'src/actors/registry-agent.ts', 'src/drivers/qemu/images/download.ts'],
  'node:child_process': [
    'src/process/ask.ts',
    'src/process/open-page.ts',
    'src/process/open-stream.ts',
    'src/process/spawn-companion.ts',
    'src/process/spawn-detached.ts',
  ],
  execa: ['src/process/run.ts'],
  'node:net': [
    'src/drivers/dial-tcp.ts',
    'src/drivers/qemu/qmp-session.ts',
    'src/drivers/tart/address.ts',
    'src/ssh/forward.ts',
  ],
  'node-ssh': ['src/ssh/connect.ts'],
  ssh2: ['src/ssh/keys.ts', 'src/testing/guest-double.ts'],
  // Servers of ours.
  'node:http': ['src/inspector/server/server.ts', 'src/testing/guest-double.ts'],
  'node:tls': ['src/actors/registry-agent.ts'],
  'node:https': [],
  'node:http2': [],
  'node:dgram': [],
  'node:dns': [],
  'node:dns/promises': [],
};

describe('what may take for ever', () => {
  it.each(Object.entries(GUARDED))(
    'is begun by %s where it is bounded, and nowhere else',
    (module, allowed) => {
      const users = imported.filter(([, imports]) =>
        imports.some(({ specifier, isType }) => specifier === module && !isType),
      );
      expect(users.map(([file]) => file).toSorted()).toEqual(allowed);
    },
  );

  it('is no fetch of the platform', () => {
    const users = files.filter(([, source]) => /(?:await|return|=>?|\() ?fetch\(/.test(source));
    expect(users.map(([file]) => file)).toEqual(['src/drivers/qemu/images/download.ts']);
  });

  it('is measured by a clock that nobody sets', () => {
    const product = files.filter(([file]) => !file.startsWith('src/testing/'));
    const users = product.filter(([, source]) => /deadline = Date\.now\(\)|Date\.now\(\) [<>]/.test(source));
    expect(users.map(([file]) => file)).toEqual([]);
  });
});
