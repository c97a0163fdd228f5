import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type GuestShare, type RunningGuest, startGuest } from '../guest/index.ts';
import { alreadyRunning, Failure, other, usage } from './failure.ts';
import { fault, faultOnce } from './faults.ts';
import {
  collectGarbage,
  type Config,
  demand,
  home,
  homeLock,
  localNames,
  lockOf,
  pathOf,
  randomMac,
  readConfig,
  stateOf,
  writeConfig,
} from './home.ts';
import { giveLease } from './leases.ts';
import { lock, tryLock } from './lock.ts';
import { sharesOf } from './shares.ts';

const options = {
  'no-graphics': { type: 'boolean' },
  'no-audio': { type: 'boolean' },
  'no-clipboard': { type: 'boolean' },
  'serial-path': { type: 'string' },
  'root-disk-opts': { type: 'string' },
  dir: { type: 'string', multiple: true },
  'net-bridged': { type: 'string', multiple: true },
  'net-softnet': { type: 'boolean' },
  'net-softnet-allow': { type: 'string' },
  'net-softnet-block': { type: 'string' },
  'net-host': { type: 'boolean' },
  suspendable: { type: 'boolean' },
} as const;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `tart run`: is the VM, for as long as it lives. Says nothing until it ends. */
export async function run(args: string[]): Promise<number> {
  process.on('SIGINT', () => undefined); // Lost, until the machine runs.
  const { name, shares } = await validate(args);
  await collectGarbage();
  const releaseHome = await lock(homeLock());
  let config: Config;
  try {
    config = await withOwnMac(name, await demand(name));
    await configure();
    // From here on it counts as running, although it may still fail.
    if (!(await tryLock(lockOf(name)))) throw alreadyRunning(name);
  } finally {
    releaseHome();
  }
  return live(name, config, shares);
}

/** What is wrong here is told as of the arguments: so a VM that is missing is 1, and has a prefix. */
async function validate(
  args: string[],
): Promise<{ readonly name: string; readonly shares: readonly GuestShare[] }> {
  const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
  const [name] = positionals;
  if (name === undefined) throw usage('run', "Missing expected argument '<name>'");
  const isSoftnet = values['net-softnet'] ?? values['net-softnet-allow'] ?? values['net-softnet-block'];
  const modes = [values['net-bridged'], isSoftnet, values['net-host']].filter((each) => each !== undefined);
  if (modes.length > 1)
    throw usage('run', '--net-bridged, --net-softnet and --net-host are mutually exclusive');
  if (values.suspendable) throw usage('run', 'You can only suspend macOS VMs');
  try {
    await demand(name);
  } catch (error) {
    throw error instanceof Failure ? other(error.message) : error;
  }
  if ((await stateOf(name)) === 'suspended') throw usage('run', 'You can only suspend macOS VMs');
  return { name, shares: sharesOf(values.dir ?? []) };
}

async function withOwnMac(name: string, config: Config): Promise<Config> {
  const others = (await localNames()).filter((each) => each !== name);
  for (const each of others) {
    const { macAddress } = await readConfig(pathOf(each));
    if (macAddress !== config.macAddress || (await stateOf(each)) !== 'running') continue;
    say('There is already a running VM with the same MAC address!');
    say('Resetting VM to assign a new MAC address...');
    const fresh = { ...config, macAddress: randomMac() };
    await writeConfig(pathOf(name), fresh);
    return fresh;
  }
  return config;
}

/** What the framework refuses before the start. */
async function configure(): Promise<void> {
  const refusal = (await faultOnce('run-once')) ?? (await fault('run'));
  if (refusal === 'limit')
    throw new Failure('The number of VMs exceeds the system limit (other running VMs: a, b)');
  if (refusal === 'keychain')
    throw new Failure(
      'Error Domain=VZErrorDomain Code=1 "Internal Virtualization error. The virtual machine failed to start."',
    );
  if (refusal === 'softnet')
    throw new Failure('Error: InitializationFailed(why: "softnet not found in PATH")');
  if (refusal !== undefined) throw new Failure(refusal);
}

/** From the start of the machine to its end. */
async function live(name: string, config: Config, shares: readonly GuestShare[]): Promise<number> {
  const end = Promise.withResolvers<number>();
  const guest =
    (await fault('paper')) === undefined ? await realGuest(name, config, shares) : paperGuest(name, config);
  await holdOutput();
  let isOver = false;
  const finish = (code: number, line: string) => {
    if (!isOver) say(line);
    isOver = true;
    end.resolve(code);
  };
  const deaf = Number((await fault('deaf-ms')) ?? 0);
  const onInterrupt = async () => {
    if ((await fault('deaf')) === undefined) finish(0, 'Stopping VM...');
  };
  const listen = () => process.on('SIGINT', () => void onInterrupt());
  if (deaf > 0) setTimeout(listen, deaf);
  else listen();
  process.on('SIGUSR1', () =>
    finish(1, 'Failed to suspend the VM: the configuration does not support save/restore'),
  );
  process.on('SIGUSR2', () => {
    say('Requesting guest OS to stop...');
    void guest.pressPowerButton();
  });
  void guest.ended.then((how) => {
    const why = how === 'crashed' ? ' due to error: Internal Virtualization error.' : '';
    finish(0, `guest has stopped the virtual machine${why}`);
  });
  const diesAfter = await fault('dies-after-ms');
  if (diesAfter !== undefined)
    setTimeout(() => finish(0, 'guest has stopped the virtual machine due to error: x'), Number(diesAfter));
  const code = await end.promise;
  await guest.cut();
  return code;
}

async function realGuest(name: string, config: Config, shares: readonly GuestShare[]): Promise<RunningGuest> {
  const directory = pathOf(name);
  const lease = (prefix: string) => giveLease(config.macAddress, prefix);
  const { baseDisk } = await import('../guest/base.ts'); // Loads half a driver.
  const base = await baseDisk();
  const { macAddress } = config;
  const guest = await startGuest({ home, directory, name, macAddress, base, lease, shares });
  await writeFile(join(directory, 'control.sock'), String(guest.pid));
  return guest;
}

/** A VM with no Linux in it. */
function paperGuest(name: string, config: Config): RunningGuest {
  const ended = Promise.withResolvers<'powered-off'>();
  const alive = setInterval(() => undefined, 60_000);
  void giveLease(config.macAddress, '127.0.0').catch(() => undefined);
  return {
    pid: process.pid,
    ended: ended.promise,
    pressPowerButton: () =>
      Promise.resolve(existsSync(pathOf(name)) ? ended.resolve('powered-off') : undefined),
    cut: () => Promise.resolve(clearInterval(alive)),
  };
}

/** As Softnet does: a child that keeps our output open when we are gone. */
async function holdOutput(): Promise<void> {
  const seconds = await fault('hold-output-s');
  if (seconds !== undefined) spawn('sleep', [seconds], { stdio: 'inherit', detached: true }).unref();
}
