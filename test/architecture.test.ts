import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf } from './helpers/imports.ts';
import { layerOf, violationsOf } from './helpers/layers.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const sourcesUnder = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'));

const packages = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/src`);
const files = ['src', ...packages].flatMap(sourcesUnder);

describe('the source', () => {
  it('is read whole', () => {
    expect(files).toEqual(expect.arrayContaining(['src/errors.ts', 'src/machines/vm/machine.ts']));
    const layers = new Set(files.map(layerOf));
    expect([...layers]).toEqual(expect.arrayContaining(['machines', 'actors', 'guest', 'ssh', 'substrate']));
  });

  it('imports only what its folder may', () => {
    const found = files.flatMap((file) => violationsOf(file, readFileSync(join(ROOT, file), 'utf8')));
    expect(found).toEqual([]);
  });
});

describe('the check of imports', () => {
  const bad = [
    ['src/machines/vm/x.ts', `import { readFile } from 'node:fs/promises';`],
    ['src/machines/vm/x.ts', `import type { Socket } from 'node:net';`],
    ['src/machines/vm/x.ts', `import { z } from 'zod';`],
    ['src/machines/vm/x.ts', `import { clone } from '../../actors/clone.ts';`],
    ['src/machines/vm/x.ts', `type T = import('../../drivers/driver.ts').Driver;`],
    ['src/machines/vm/x.ts', `export * from '../../substrate/options.ts';`],
    ['src/machines/vm/x.ts', `const x = await import('node:fs');`],
    ['src/machines/vm/x.ts', `const name = 'node:fs'; const x = await import(name);`],
    ['src/actors/x.ts', `import { vmMachine } from '../machines/vm/index.ts';`],
    ['src/actors/x.ts', `import { QemuDriver } from '../drivers/qemu/index.ts';`],
    ['src/actors/x.ts', `import { createRequire } from '../substrate/session.ts';`],
    ['src/drivers/qemu/x.ts', `import { TartDriver } from '../tart/index.ts';`],
    ['src/drivers/qemu/x.ts', `import { connect } from '../../ssh/index.ts';`],
    ['src/drivers/qemu/x.ts', `import { execa } from 'execa';`],
    ['src/drivers/driver.ts', `import { QemuDriver } from './qemu/index.ts';`],
    ['src/guest/x.ts', `import { readFile } from 'node:fs/promises';`],
    ['src/ssh/x.ts', `import { run } from '../process/run.ts';`],
    ['src/actors/x.ts', `import { Client } from 'ssh2';`],
    ['src/substrate/x.ts', `import { FakeDriver } from '../drivers/fake/index.ts';`],
    ['src/substrate/x.ts', `import { ComputerAgent } from '@computeragent/sdk';`],
    ['src/substrate/x.ts', `import { spawn } from 'node:child_process';`],
    ['src/cli/x.ts', `import { createActors } from '../actors/index.ts';`],
    ['src/inspector/x.ts', `import { vmMachine } from '../machines/vm/index.ts';`],
    ['packages/sdk/src/x.ts', `import { VzvmError } from '../../../src/errors.ts';`],
    ['packages/sdk/src/x.ts', `import { app } from '@computeragent/harness';`],
    ['packages/harness/src/x.ts', `import { run } from '@computeragent/sdk';`],
    ['packages/protocol/src/x.ts', `import { Buffer } from 'node:buffer';`],
    ['src/surprise/x.ts', ``],
  ] as const;

  it.each(bad)('finds in %s: %s', (file, source) => {
    expect(violationsOf(file, source)).toHaveLength(1);
  });

  const good = [
    [
      'src/machines/vm/x.ts',
      `import { setup } from 'xstate'; import { VzvmError } from '../../errors.ts'; import './y.ts';`,
    ],
    [
      'src/machines/vm/x.ts',
      `// import { readFile } from 'node:fs';\nexport const text = "import 'node:fs'";`,
    ],
    ['src/actors/x.ts', `import type { GuestFacts } from '../machines/vm/index.ts';`],
    [
      'src/drivers/qemu/x.ts',
      `import { run } from '../../process/run.ts'; import type { Driver } from '../driver.ts';`,
    ],
    ['src/drivers/registry.ts', `import { QemuDriver } from './qemu/index.ts';`],
    ['src/substrate/x.ts', `import type { Substrate } from '@computeragent/sdk'; import { z } from 'zod';`],
    ['src/testing.ts', `export { FakeDriver } from './drivers/fake/index.ts';`],
    [
      'packages/harness/src/x.ts',
      `import { z } from '@computeragent/protocol'; import { Hono } from 'hono';`,
    ],
  ] as const;

  it.each(good)('lets pass in %s: %s', (file, source) => {
    expect(violationsOf(file, source)).toEqual([]);
  });

  it('reads every form of import', () => {
    const source = `
      import a from './a.ts'; import type { B } from './b.ts'; import './c.ts';
      export { d } from './d.ts'; export type { E } from './e.ts'; export * from './f.ts';
      type G = import('./g.ts').G; const h = () => import('./h.ts'); const i = import(h.name);
    `;
    expect(importsOf(source).map((each) => each.specifier)).toEqual(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `./${name}.ts`).concat('<computed>'),
    );
    expect(
      importsOf(source)
        .filter((each) => each.isType)
        .map((each) => each.specifier),
    ).toEqual(['./b.ts', './e.ts', './g.ts']);
  });
});
