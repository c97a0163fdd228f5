import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../bench/args.ts';
import { benchStream } from '../../bench/stream.ts';
import { compare, streamTable } from '../../bench/stream/report.ts';

const folders = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('bench-stream-'));

describe('the benchmark of streams', () => {
  it('reads every event with the SDK and by hand, and leaves nothing', async () => {
    const before = await folders();
    const report = await benchStream({
      runs: 1,
      turns: [{ events: 300, bytes: 50 }],
      warmUp: 1,
      idleSessions: 20,
      slowEvents: 1_500,
      signal: new AbortController().signal,
      say: () => undefined,
    });
    const [stream] = report.streams;
    expect(stream?.events).toBe(300);
    expect(stream?.bytesPerEvent).toBeGreaterThan(100);
    for (const rate of [stream?.sdk, stream?.floor]) {
      for (const figure of Object.values(rate ?? {})) expect(figure).toBeGreaterThanOrEqual(0);
    }
    expect(report.idle.serverBytesPerSession).toBeGreaterThan(0);
    expect(report.slow).toMatchObject({ events: 1_500, dropped: 0 });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(streamTable(report)).toContain('of the floor');
    expect(await folders()).toEqual(before);
  });

  it('ends with the process that is interrupted', async () => {
    const run = benchStream({ runs: 1, signal: AbortSignal.abort(), say: () => undefined });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('takes medians, and the bytes from who counted them', () => {
    const took = (ms: number, bytes: number) => ({
      events: 10,
      bytes,
      ms,
      readerCpuMs: ms / 2,
      serverCpuMs: ms,
    });
    const figures = compare([took(20, 0), took(40, 0), took(30, 0)], [took(10, 1000)]);
    expect(figures).toEqual({
      events: 10,
      bytesPerEvent: 100,
      sdk: {
        eventsPerSecond: 333,
        bytesPerSecond: 33_333,
        readerCpuUsPerEvent: 1500,
        serverCpuUsPerEvent: 3000,
      },
      floor: {
        eventsPerSecond: 1000,
        bytesPerSecond: 100_000,
        readerCpuUsPerEvent: 500,
        serverCpuUsPerEvent: 1000,
      },
      shareOfFloor: 0.333,
    });
  });

  it('is asked for by its name', () => {
    expect(parseCommand(['stream', '--json'])).toEqual({ name: 'stream', json: true, runs: 3 });
    expect(() => parseCommand(['stream', '--driver', 'fake'])).toThrow('--driver is for start');
  });
});
