import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { followFile } from '../../src/substrate/follow-file.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

const never = new AbortController().signal;

describe('a file that is shown', () => {
  it('is shown by its last lines, without what would move a cursor', async () => {
    await using temp = await tempDir();
    const file = join(temp.path, 'log');
    await writeFile(file, 'one\r\n\x1b[31mtwo\x1b[0m\nthree\n');
    const out = new PassThrough();
    await followFile(file, { follow: false, lines: 2 }, out, never);
    out.end();
    expect(await text(out)).toBe('two\nthree\n');
  });

  it('is followed until it is gone, or until nobody wants to know any more', async () => {
    await using temp = await tempDir();
    for (const end of ['gone', 'cancelled']) {
      const file = join(temp.path, end);
      await writeFile(file, 'one\n');
      const [out, cancel] = [new PassThrough(), new AbortController()];
      let seen = '';
      out.on('data', (chunk) => void (seen += String(chunk)));
      const following = followFile(file, { follow: true, lines: 9 }, out, cancel.signal);
      await until('the first is there', () => seen === 'one\n');
      await appendFile(file, 'two\n');
      await until('the second is there', () => seen === 'one\ntwo\n');
      if (end === 'gone') await rm(file);
      else cancel.abort();
      await following;
      expect(seen).toBe('one\ntwo\n');
    }
  });

  it('is nothing where nothing was ever said', async () => {
    await using temp = await tempDir();
    const out = new PassThrough();
    await followFile(join(temp.path, 'none'), { follow: true, lines: 9 }, out, never);
    out.end();
    expect(await text(out)).toBe('');
  });
});
