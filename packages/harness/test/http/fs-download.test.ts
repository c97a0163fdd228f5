import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteRange } from '../../src/http/byte-range.ts';
import { filesOfSession, openFiles } from '../helpers/files.ts';

describe('a download', () => {
  it('may be of a part', async () => {
    await using fs = await filesOfSession();
    await fs.put('a', '0123456789');
    const part = async (range: string) => {
      const response = await fs.get('a', { range });
      return [response.status, response.headers.get('content-range'), await response.text()];
    };
    expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=8-99')).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await part('bytes=10-')).toEqual([416, 'bytes */10', '']);
    expect(await part('bytes=0-1,3-4')).toEqual([200, null, '0123456789']);
    expect(await part('lines=0-1')).toEqual([200, null, '0123456789']);
  });

  it('is not sent again to who has it, nor continued when it has changed', async () => {
    await using fs = await filesOfSession();
    await fs.put('a', 'text');
    const etag = (await fs.head('a')).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[^"]+"$/);
    const get = async (headers: Record<string, string>) => {
      const response = await fs.get('a', headers);
      return [response.status, await response.text()];
    };
    expect(await get({ 'if-none-match': `"x", W/${etag}` })).toEqual([304, '']);
    expect(await get({ range: 'bytes=1-', 'if-range': etag })).toEqual([206, 'ext']);
    await fs.put('a', 'next');
    expect(await get({ 'if-none-match': etag })).toEqual([200, 'next']);
    expect(await get({ range: 'bytes=1-', 'if-range': etag })).toEqual([200, 'next']);
  });

  it('leaves no file open, however it ends', async () => {
    await using fs = await filesOfSession();
    await writeFile(join(fs.workdir, 'big'), Buffer.alloc(500_000, 'a'));
    const before = await openFiles();
    const left = await fs.get('big');
    const reader = left.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect((await (await fs.get('big')).bytes()).byteLength).toBe(500_000);
    await (await fs.get('big', { range: 'bytes=500000-' })).text();
    await fs.head('big');
    expect(await openFiles()).toBe(before);
  });

  it('breaks when the file becomes shorter, and does not end as if it were whole', async () => {
    await using fs = await filesOfSession();
    await writeFile(join(fs.workdir, 'big'), Buffer.alloc(500_000, 'a'));
    const before = await openFiles();
    const response = await fs.get('big');
    await truncate(join(fs.workdir, 'big'), 10);
    await expect(response.bytes()).rejects.toThrow('shorter');
    expect(await openFiles()).toBe(before);
  });
});

describe('a range', () => {
  it('never reaches beyond the file', () => {
    const header = fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,5}-\d{0,5}$/));
    fc.assert(
      fc.property(header, fc.nat(1000), (text, size) => {
        const range = byteRange(text, size);
        if (range.kind !== 'part') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.start).toBeLessThan(range.end);
        expect(range.end).toBeLessThanOrEqual(size);
      }),
    );
  });
});
