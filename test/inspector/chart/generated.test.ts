import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chartOutputs } from '../../../scripts/chart/outputs.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const outputs = await chartOutputs(read);

describe('what is made from the chart', () => {
  it.each([...outputs])('is current: %s', (path, content) => {
    expect(read(path) === content, `${path} is not what the chart gives now: npm run build:chart`).toBe(true);
  });

  it('is the same each time', async () => {
    expect(await chartOutputs(read)).toEqual(outputs);
  });

  it('needs a place in the README', async () => {
    await expect(chartOutputs(() => 'no place')).rejects.toThrow('has no place for the chart');
  });
});
