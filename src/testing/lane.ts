import { SimulatedClock } from 'xstate';
import type { ExitReport, GuestProcess } from '../drivers/driver.ts';
import type { VmActor, VmSnapshot } from '../machines/vm/index.ts';
import { Gates } from './gates.ts';
import { GuestDouble } from './guest-double.ts';
import type { Valve } from './valve.ts';

const SSH_PORT = 22;

/** What nobody decides over. */
const ALWAYS = ['other', 'mark-harness', 'mark-packages', 'unseal'];

/** What is done in a guest whose commands nobody answers for it. */
const HELD: ReadonlySet<string> = new Set(['upload', 'node-install', 'npm-install', 'spawn']);

/** One VM as a test sees and drives it. */
export class Lane {
  readonly name: string;
  readonly clock = new SimulatedClock();
  readonly gates = new Gates();
  /** What it has told, as `step phase`, or the event's name. */
  readonly told: string[] = [];
  /** Rejects where a driver breaks its promise that this never does. */
  readonly watchBreaks = Promise.withResolvers<ExitReport>();
  double: GuestDouble | undefined;
  /** What its driver has started. */
  process: GuestProcess | undefined;
  readonly #valves = new Map<Valve, number>();
  #isFlowing = true;
  #actor: VmActor | undefined;

  constructor(name: string) {
    this.name = name;
    this.watchBreaks.promise.catch(() => undefined);
    for (const gate of ALWAYS) this.gates.decide(gate, 'go');
  }

  /** Follows the machine from before its start. */
  follow(actor: VmActor): void {
    this.#actor = actor;
    actor.on('*', (event) => {
      this.told.push(event.type === 'step' ? `${event.step} ${event.phase}` : event.type);
      // Before the step's work begins: it waits for its first answer.
      if (event.type === 'step' && HELD.has(event.step)) this.shutValve();
      else if (event.type === 'step') this.openValve();
    });
  }

  /** Takes its process in hand. */
  watch(process: GuestProcess): GuestProcess {
    this.process = process;
    return { ...process, exited: Promise.race([process.exited, this.watchBreaks.promise]) };
  }

  /** Takes a stream to a port of its guest in hand. */
  put(valve: Valve, port: number): Valve {
    this.#valves.set(
      valve.on('error', () => undefined).on('close', () => this.#valves.delete(valve)),
      port,
    );
    if (this.#isFlowing) valve.open();
    return valve;
  }

  /** SSH connections to its guest. */
  get connections(): number {
    return this.double?.connections ?? [...this.#valves.values()].filter((port) => port === SSH_PORT).length;
  }

  /** Lets its streams flow: what waits for an answer in the guest goes on. */
  openValve(): void {
    this.#isFlowing = true;
    for (const each of this.#valves.keys()) each.open();
  }

  shutValve(): void {
    this.#isFlowing = false;
    for (const each of this.#valves.keys()) each.shut();
  }

  /** Breaks its streams, as a network would. */
  cut(): void {
    this.double?.cut();
    for (const each of this.#valves.keys()) each.destroy();
  }

  /** How the machine stands; undefined before it was started. */
  get snapshot(): VmSnapshot | undefined {
    return this.#actor?.getSnapshot();
  }

  /** Its guest, made when it is first asked for. */
  async guest(): Promise<GuestDouble> {
    return (this.double ??= await GuestDouble.start(this.gates));
  }
}

/** Where a VM is, in the words of the specification, but for what only an onlooker knows. */
export function placeOf(snapshot: VmSnapshot | undefined): string {
  if (!snapshot) return 'nowhere';
  if (snapshot.status !== 'active') return snapshot.status === 'done' ? 'disposed' : snapshot.status;
  const { step, attempt } = snapshot.context;
  const leaves = leavesOf(snapshot.value);
  if (leaves.includes('prepared')) return 'prepared';
  const leaf = leaves.find((each) => each !== 'watching') ?? '';
  if (step === 'healthy' && leaf !== '') return `healthy:${leaf}`;
  if (!snapshot.hasTag('provisioning')) return step;
  return `${step}:${leaf}:${attempt}`;
}

/** The innermost states, but for those of the region that watches the process. */
export function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  const entries = Object.entries(value as Record<string, unknown>);
  return entries.filter(([key]) => key !== 'process').flatMap(([, child]) => leavesOf(child));
}
