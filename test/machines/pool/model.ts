import type { PoolTag } from '../../../src/machines/pool/index.ts';
import type { PoolLimits } from '../../../src/machines/pool/types.ts';

interface Vm {
  readonly id: string;
  is: 'booting' | 'parked' | 'given' | 'leaving';
  claimId?: string;
  overdue?: boolean;
}
interface Timer {
  readonly at: number;
  readonly fire: () => void;
  /** A timer of a VM stands only while that VM is parked. */
  readonly vm?: Vm;
}

/** The rules of a pool once more, written apart from the chart: loops over plain arrays, one boot at a time. */
export class Model {
  readonly vms: Vm[] = [];
  readonly queue: string[] = [];
  mode: 'filling' | 'cooling' | 'probing' | 'draining' | 'drained' = 'filling';
  readonly #limits: PoolLimits;
  readonly #told: string[] = [];
  #timers: Timer[] = [];
  #now = 0;
  #made = 0;
  #failures = 0;

  constructor(limits: PoolLimits) {
    this.#limits = limits;
    this.#settle();
  }

  told(): string[] {
    return this.#told.splice(0);
  }

  get tag(): PoolTag {
    if (this.mode === 'draining') return 'draining';
    if (this.mode === 'cooling' || this.mode === 'probing') return 'cooling';
    return this.#missing() > 0 ? 'filling' : 'full';
  }

  claim(claimId: string): void {
    if (this.mode === 'drained') return;
    if (this.mode === 'draining') return this.#tell(`rejected ${claimId}: draining`);
    if (this.queue.includes(claimId) || this.vms.some((vm) => vm.claimId === claimId)) return;
    const parked = this.#are('parked')[0];
    if (parked) this.#give(parked, claimId);
    else if (this.#hasPlace()) this.#cold(claimId);
    else this.#tell(`queued ${claimId} at ${this.queue.push(claimId)}`);
    this.#settle();
  }

  cancel(claimId: string): void {
    const at = this.queue.indexOf(claimId);
    if (at < 0) return;
    this.#tell(`rejected ${claimId}: cancelled`);
    this.#leaveQueue(at);
    this.#settle();
  }

  parked(id: string): void {
    const vm = this.#find(id);
    if (vm?.is === 'leaving' && this.mode === 'draining') this.#tell(`release ${id}`);
    if (vm?.is !== 'booting') return;
    this.#failures = 0;
    const [first] = this.queue;
    if (first === undefined) this.#park(vm);
    else this.#give(vm, first);
    this.#settle();
  }

  failed(id: string): void {
    const vm = this.#find(id);
    if (vm?.is !== 'booting') return;
    vm.is = 'leaving';
    this.#coolDown();
    this.#settle();
  }

  ended(id: string): void {
    const vm = this.#find(id);
    if (!vm) return;
    this.vms.splice(this.vms.indexOf(vm), 1);
    if (vm.is === 'booting') this.#coolDown();
    vm.is = 'leaving';
    this.#settle();
  }

  drain(): void {
    if (this.mode === 'draining' || this.mode === 'drained') return;
    this.mode = 'draining';
    this.#timers = [];
    for (const claimId of this.queue.splice(0)) this.#tell(`rejected ${claimId}: draining`);
    for (const vm of this.#are('booting')) this.#send(vm, 'abort');
    for (const vm of this.#are('parked')) this.#send(vm, 'release');
    this.#settle();
  }

  /** Time passes by as little as the test can tell. */
  pass(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now).toSorted((one, other) => one.at - other.at);
    for (const timer of due) {
      if (timer.vm && timer.vm.is !== 'parked') continue;
      timer.fire();
      this.#settle();
    }
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
  }

  #park(vm: Vm): void {
    for (const overdue of this.#are('parked').filter((each) => each.overdue)) this.#send(overdue, 'release');
    vm.is = 'parked';
    // The one parked last is the youngest, wherever it was among those that boot.
    this.vms.splice(this.vms.indexOf(vm), 1);
    this.vms.push(vm);
    const { maxIdleMs } = this.#limits;
    if (maxIdleMs !== null) this.#timers.push({ at: this.#now + maxIdleMs, vm, fire: () => this.#idled(vm) });
  }

  #idled(vm: Vm): void {
    if (this.#are('parked').length === 1) vm.overdue = true;
    else this.#send(vm, 'release');
  }

  #coolDown(): void {
    if (this.mode === 'cooling' || this.mode === 'draining') return;
    this.mode = 'cooling';
    this.#failures += 1;
    const { backOffMs, maxBackOffMs } = this.#limits;
    let pause = backOffMs;
    for (let failure = 1; failure < this.#failures; failure += 1) pause = Math.min(2 * pause, maxBackOffMs);
    this.#tell(`cooling ${pause} after ${this.#failures}`);
    this.#timers.push({ at: this.#now + pause, fire: () => (this.mode = 'probing') });
  }

  #settle(): void {
    if (this.mode === 'draining' && this.vms.length === 0) {
      this.mode = 'drained';
      this.#tell('drained');
    }
    if (this.mode === 'draining' || this.mode === 'drained') return;
    for (let [first] = this.queue; first !== undefined && this.#hasPlace(); [first] = this.queue)
      this.#cold(first);
    if (this.mode === 'probing' && this.#failures === 0) this.mode = 'filling';
    while (this.#mayBoot()) this.#tell(`boot ${this.#add('booting').id}`);
  }

  #mayBoot(): boolean {
    const { capacity, maxSimultaneousBoots } = this.#limits;
    const booting = this.#are('booting').length;
    return (
      this.mode !== 'cooling' &&
      this.queue.length === 0 &&
      this.#hasPlace() &&
      this.#missing() > booting &&
      booting < (this.mode === 'probing' ? 1 : maxSimultaneousBoots) &&
      this.vms.filter((vm) => vm.claimId === undefined).length < capacity
    );
  }

  #missing(): number {
    const { target, capacity } = this.#limits;
    const good = this.#are('parked').filter((vm) => !(vm.overdue && capacity > target));
    return target - good.length;
  }

  #give(vm: Vm, claimId: string): void {
    vm.is = 'given';
    vm.claimId = claimId;
    this.#tell(`claimed ${claimId} ${vm.id}`);
    this.#leaveQueue(this.queue.indexOf(claimId));
  }
  #cold(claimId: string): void {
    const vm = this.#add('given');
    vm.claimId = claimId;
    this.#tell(`cold ${claimId} ${vm.id}`);
    this.#leaveQueue(this.queue.indexOf(claimId));
  }
  #leaveQueue(at: number): void {
    if (at < 0) return;
    this.queue.splice(at, 1);
    this.queue.forEach((claimId, index) => {
      if (index >= at) this.#tell(`queued ${claimId} at ${index + 1}`);
    });
  }
  #add(is: Vm['is']): Vm {
    this.#made += 1;
    const vm: Vm = { id: `vm-${this.#made}`, is };
    this.vms.push(vm);
    return vm;
  }
  #send(vm: Vm, how: 'abort' | 'release'): void {
    vm.is = 'leaving';
    this.#tell(`${how} ${vm.id}`);
  }
  #are(is: Vm['is']): Vm[] {
    return this.vms.filter((vm) => vm.is === is);
  }
  #find(id: string): Vm | undefined {
    return this.vms.find((vm) => vm.id === id);
  }
  #hasPlace(): boolean {
    return this.vms.length < this.#limits.maxConcurrent;
  }
  #tell(words: string): void {
    this.#told.push(words);
  }
}
