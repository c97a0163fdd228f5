// Makes, as a user who is not root, a folder that its owner may neither read nor change, and removes it.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { removeTree } from '../../src/session/remove-tree.ts';

const NOBODY = 65_534;

const [top = ''] = process.argv.slice(2);
// Root may do everything.
if (process.getuid?.() === 0) process.seteuid?.(NOBODY);
await mkdir(`${top}/locked/inner`, { recursive: true });
await writeFile(`${top}/locked/inner/file`, 'x');
for (const folder of ['locked/inner', 'locked']) await chmod(`${top}/${folder}`, 0o000);
await removeTree(top);
