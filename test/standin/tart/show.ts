import { parseArgs } from 'node:util';
import { fault } from './faults.ts';
import { usage } from './failure.ts';
import { demand, localNames, pathOf, sizes, stateOf } from './home.ts';
import { images } from './pull.ts';

const GB = 1000 ** 3;
const MIB = 1024 ** 2;

/** `tart list`. Which fields it has depends on its version. */
export async function list(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      source: { type: 'string' },
      format: { type: 'string' },
      quiet: { type: 'boolean', short: 'q' },
    },
  });
  const { source } = values;
  if (source !== undefined && source !== 'local' && source !== 'oci')
    throw usage('list', `'${source}' is not a valid <source>`);
  const names = [
    ...(source === 'oci' ? [] : (await localNames()).map((name) => ['local', name] as const)),
    ...(source === 'local' ? [] : (await images()).map((name) => ['OCI', name] as const)),
  ];
  const rows = await Promise.all(names.map(([from, name]) => row(from, name)));
  if (values.quiet) for (const { Name } of rows) process.stdout.write(`${Name}\n`);
  else if (values.format === 'json') process.stdout.write(`${swift(rows)}\n`);
  else
    for (const { Source, Name, State = 'unknown' } of rows)
      process.stdout.write(`${Source} ${Name} ${State}\n`);
}

async function row(source: 'local' | 'OCI', name: string) {
  const { disk, allocated } = await sizes(pathOf(name));
  const isStale = (await fault('stale-list')) !== undefined;
  const state = source === 'local' && !isStale ? await stateOf(name) : 'stopped';
  const isOld = (await fault('profile')) === '2.30.6';
  return {
    ...(await stateField(state)),
    Running: state === 'running',
    Disk: Math.trunc(disk / GB),
    Source: source,
    ...(isOld ? { SizeOnDisk: Math.trunc(allocated / GB) } : { Accessed: new Date().toISOString() }),
    Size: Math.trunc(allocated / GB),
    Name: name,
  };
}

/** `tart get`. */
export async function get(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    options: { format: { type: 'string' } },
    allowPositionals: true,
  });
  const [name] = positionals;
  if (name === undefined) throw usage('get', "Missing expected argument '<name>'");
  const config = await demand(name);
  const { disk, allocated } = await sizes(pathOf(name));
  const state = await stateOf(name);
  const answer = {
    Display: '1024x768',
    OS: config.os,
    Size: (allocated / GB).toFixed(3),
    CPU: config.cpuCount,
    Running: state === 'running',
    DiskFormat: config.diskFormat,
    Memory: config.memorySize / MIB,
    Disk: Math.trunc(disk / GB),
    ...(await stateField(state)),
  };
  process.stdout.write(values.format === 'json' ? `${swift(answer)}\n` : `${state}\n`);
}

/** `Running` is the older word for it, and may be the only one again. */
async function stateField(state: string): Promise<{ State?: string }> {
  return (await fault('profile')) === 'stateless' ? {} : { State: state };
}

/** As Foundation writes JSON: spaces around colons, escaped slashes, an empty array over three lines. */
function swift(value: object): string {
  if (Array.isArray(value) && value.length === 0) return '[\n\n]';
  return JSON.stringify(value, null, 2)
    .replaceAll('/', String.raw`\/`)
    .replaceAll(/^(\s*"[^"]*"):/gm, '$1 :');
}
