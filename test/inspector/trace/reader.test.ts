import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTrace } from '../../../src/inspector/index.ts';
import { rejection } from '../../helpers/rejection.ts';
import { tempDir } from '../../helpers/temp.ts';

const HEADER = '{"kind":"trace","version":1,"at":5,"pid":1,"node":"v24","platform":"linux x64"}';
const LINE = '{"kind":"log","vm":"ca-1","seq":1,"at":6,"source":"console","lines":["ü"]}';

async function read(content: string) {
  await using temp = await tempDir();
  const path = join(temp.path, 'trace.ndjson');
  await writeFile(path, content);
  const result = await readTrace(path).catch((error: unknown) => error);
  expect(await readFile(path, 'utf8')).toBe(content);
  return result;
}

describe('a trace that is read', () => {
  it('is read also where its last line was cut short, at any place', async () => {
    for (let length = 1; length < LINE.length; length += 1) {
      const torn = `${HEADER}\n${LINE}\n${LINE.slice(0, length)}`;
      expect(await read(torn)).toMatchObject({
        records: [{ seq: 1, lines: ['ü'] }],
        gaps: ['its last line was cut short, and is left out'],
      });
    }
    expect(await read(`${HEADER}\n${LINE}`)).toMatchObject({ records: [{ seq: 1 }], gaps: [] });
  });

  it('leaves out what it cannot read, and says how much', async () => {
    const strange = [
      '{}',
      'null',
      '[1]',
      '{"kind":"log","vm":1}',
      '{"kind":"rm","vm":"a","seq":1,"at":1}',
      'x',
    ];
    expect(await read([HEADER, ...strange, LINE, ''].join('\n'))).toMatchObject({
      records: [{ seq: 1 }],
      gaps: ['6 lines could not be read'],
    });
  });

  it.each([
    ['', 'it is empty'],
    ['hello\n', 'its first line is not that of a trace'],
    ['{"kind":"trace","version":2,"at":1}\n', 'its first line is not that of a trace'],
  ])('is refused where it is none: %j', async (content, why) => {
    expect(await read(content)).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(why),
      hint: expect.stringContaining('--record'),
    });
  });

  it('is refused where there is none, or it is a folder', async () => {
    expect(await rejection(readTrace('/no/such'))).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('there is no such file'),
    });
    expect(await rejection(readTrace('/'))).toMatchObject({ code: 'OPTION_INVALID' });
  });
});
