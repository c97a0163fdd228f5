import { createTerminalProgress } from '../progress/index.ts';
import type { StoredItem, VZVMSubstrate } from '../substrate/index.ts';
import { type Flags, optionsOf } from './flags.ts';
import { type Io, UsageError } from './io.ts';
import { ago, size, table } from './text.ts';

type Verb = (substrate: VZVMSubstrate, keys: readonly string[], flags: Flags, io: Io) => Promise<void>;

const VERBS: Readonly<Record<string, Verb>> = { ls, build, rm, prune };

/** `vzvm image …` */
export async function image(words: readonly string[], flags: Flags, io: Io): Promise<true> {
  const [verb, ...keys] = words;
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (!run) throw new UsageError(verb === undefined ? 'image: no verb' : `image: unknown verb ${verb}`);
  if (verb !== 'rm' && keys.length > 0)
    throw new UsageError(`image ${verb}: ${keys[0]} is one word too many`);
  const progress = createTerminalProgress({ out: io.stderr });
  const options = verb === 'build' ? { onProgress: progress.update, onLog: progress.log } : {};
  try {
    await using substrate = io.substrate({ ...optionsOf(flags, io), ...options });
    await run(substrate, keys, flags, io);
  } finally {
    progress.end();
  }
  return true;
}

async function ls(substrate: VZVMSubstrate, _: readonly string[], flags: Flags, io: Io): Promise<void> {
  const images = await substrate.stored();
  if (flags.json) return io.out(JSON.stringify(images));
  show(images, io);
}

async function build(substrate: VZVMSubstrate, _: readonly string[], flags: Flags, io: Io): Promise<void> {
  const { key, made } = await substrate.prepareImage({ signal: io.signal });
  io.out(flags.json ? JSON.stringify({ key, made }) : `${key} ${made ? 'is made' : 'was there already'}`);
}

async function rm(substrate: VZVMSubstrate, keys: readonly string[], flags: Flags, io: Io): Promise<void> {
  if (keys.length === 0) throw new UsageError('image rm: no key; vzvm image ls shows them');
  const known = new Map((await substrate.stored()).map((item) => [item.key, item]));
  for (const key of keys) {
    const item = known.get(key);
    if (!item) throw new UsageError(`there is no image ${key}; vzvm image ls shows them`);
    if (item.kind === 'base' && item.inUse)
      throw new UsageError(`${key} is what others rest on: remove the prepared images and templates first`);
  }
  for (const key of keys) await substrate.removeImage(key);
  io.out(flags.json ? JSON.stringify({ removed: keys }) : `removed ${keys.join(' ')}`);
}

async function prune(substrate: VZVMSubstrate, _: readonly string[], flags: Flags, io: Io): Promise<void> {
  const [unusedDays, budgetGiB] = [numberOf('days', flags.days), numberOf('gib', flags.gib)];
  if (unusedDays === undefined && budgetGiB === undefined)
    throw new UsageError('image prune: --days or --gib says what goes');
  const pruned = await substrate.pruneImages({
    ...(unusedDays === undefined ? {} : { unusedDays }),
    ...(budgetGiB === undefined ? {} : { budgetGiB }),
  });
  if (flags.json) return io.out(JSON.stringify({ removed: pruned.map(({ key }) => key) }));
  for (const { kind, key, bytes } of pruned) io.out(`removed ${kind} ${key} (${size(bytes)})`);
  io.out(`removed ${pruned.length} in all`);
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() === '' || !(number >= 0)) throw new UsageError(`--${name} ${text} is no number`);
  return number;
}

function show(items: readonly StoredItem[], io: Io): void {
  if (!items.some(({ kind }) => kind === 'prepared'))
    io.out('no prepared images; the first VM makes one, or: vzvm image build');
  if (items.length === 0) return;
  const rows = items.map(({ kind, key, bytes, usedAt, inUse, description }) => [
    key,
    kind,
    size(bytes),
    ago(Date.now() - usedAt),
    inUse ? 'in use' : '',
    description,
  ]);
  for (const line of table(['key', 'kind', 'size', 'used', '', 'what is in it'], rows)) io.out(line);
}
