import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ContractSubject,
  imageOf,
  listed,
  never,
  rejection,
  requestFor,
  withClone,
  withGuestOf,
  withStarted,
} from './contract-subject.ts';
import type { Driver, GuestAddress, MemorySnapshots } from './driver.ts';
import { newGuestName } from './guest-name.ts';

export type { ContractSubject } from './contract-subject.ts';

/** One promise of the contract. */
export interface ContractCheck {
  readonly name: string;
  run(subject: ContractSubject): Promise<void>;
}

const ADDRESS_TIMEOUT_MS = 3 * 60_000;
const LOOK_MS = 50;

/** What every driver must keep: run each check with a driver of your own, in any test framework. */
export const driverContract: readonly ContractCheck[] = [
  { name: 'reports findings instead of rejecting', run: reportsFindings },
  { name: 'names the content of an image the same each time', run: namesContent },
  { name: 'rejects an unknown image with a hint', run: rejectsUnknownImage },
  { name: 'lists a clone, not running, until it is deleted', run: listsClone },
  { name: 'never overwrites a guest', run: neverOverwrites },
  { name: 'leaves nothing when a clone is aborted', run: abortedCloneLeavesNothing },
  { name: 'starts, finds the address, and dials', run: startsAndDials },
  { name: 'tells when the process has exited', run: tellsExit },
  { name: 'lets go of a guest that it watches for standing still, where it can', run: letsGo },
  { name: 'finds the process of a guest that runs, where others may take it over', run: adoptsRunning },
  { name: 'stops what does not run, and deletes what does not exist', run: releasesNothing },
  { name: 'deletes a guest that still runs', run: deletesRunning },
  { name: 'refuses to delete what is not ours', run: refusesForeign },
  { name: 'keeps the disk of a guest that has ended, once, until it is removed', run: keepsStopped },
  { name: 'keeps the disk of a guest that runs, where it says that it can', run: keepsRunning },
  { name: 'forks guests from one that was saved, where it says that it can', run: forksSaved },
  { name: 'saves a guest that runs on, where it says that it can', run: savesRunning },
];

async function reportsFindings({ driver }: ContractSubject): Promise<void> {
  const findings = await driver.check(never());
  assert.ok(findings.length > 0);
  for (const finding of findings)
    assert.ok(finding.level === 'ok' || finding.fix !== undefined, finding.message);
}

async function namesContent(subject: ContractSubject): Promise<void> {
  const [first, second] = [await imageOf(subject), await imageOf(subject)];
  assert.equal(first.digest, second.digest);
  assert.equal(first.ref, subject.image);
}

async function rejectsUnknownImage({ driver, unknownImage }: ContractSubject): Promise<void> {
  const error = await rejection(driver.resolveImage(unknownImage, { signal: never(), log: () => undefined }));
  assert.ok(error.code === 'IMAGE_NOT_FOUND' || error.code === 'IMAGE_DOWNLOAD_FAILED', error.code);
  assert.ok(error.hint);
}

async function listsClone(subject: ContractSubject): Promise<void> {
  await withClone(subject, async (guest) => {
    assert.deepEqual(await listed(subject.driver, guest), { name: guest, running: false });
  });
}

async function neverOverwrites(subject: ContractSubject): Promise<void> {
  await withClone(subject, async (_, request) => {
    const error = await rejection(subject.driver.clone(request, never()));
    assert.equal(error.code, 'NAME_TAKEN');
  });
}

async function abortedCloneLeavesNothing(subject: ContractSubject): Promise<void> {
  const request = await requestFor(subject);
  const error = await rejection(subject.driver.clone(request, AbortSignal.abort()));
  assert.equal(error.code, 'ABORTED');
  assert.equal(await listed(subject.driver, request.guest), undefined);
}

async function startsAndDials(subject: ContractSubject): Promise<void> {
  const { driver, openPort } = subject;
  await withStarted(subject, async (guest) => {
    assert.equal((await listed(driver, guest))?.running, true);
    assert.ok((await firstAddress(driver, guest)).host);
    if (openPort === undefined) return;
    const stream = await driver.dial(guest, openPort, never());
    stream.destroy();
  });
}

/** An address that is not there yet is an answer: it is asked for again. */
async function firstAddress(driver: Driver, guest: string): Promise<GuestAddress> {
  const signal = AbortSignal.timeout(ADDRESS_TIMEOUT_MS);
  for (;;) {
    const address = await driver.address(guest, signal);
    if (address) return address;
    await sleep(LOOK_MS, undefined, { signal });
  }
}

async function tellsExit(subject: ContractSubject): Promise<void> {
  await withStarted(subject, async (guest, { exited }) => {
    await subject.driver.stop(guest, 0);
    await exited;
    assert.equal((await listed(subject.driver, guest))?.running, false);
  });
}

async function letsGo(subject: ContractSubject): Promise<void> {
  await withStarted(subject, async (guest, { exited, standstill }) => {
    if (!standstill) return;
    const told: string[] = [];
    const log = (line: string) => void told.push(line);
    const abort = new AbortController();
    const watching = standstill({ signal: abort.signal, log });
    abort.abort();
    assert.equal((await rejection(watching)).code, 'ABORTED');
    // Whoever comes next is told: of its end by no error.
    const next = standstill({ signal: never(), log });
    await subject.driver.stop(guest, 0);
    await Promise.all([exited, next]);
    assert.deepEqual(told, []);
  });
}

async function adoptsRunning(subject: ContractSubject): Promise<void> {
  const { driver } = subject;
  assert.equal(driver.adopt !== undefined, driver.recipe !== undefined);
  if (!driver.adopt) return;
  await withStarted(subject, async (guest, { exited }) => {
    const found = await driver.adopt?.(guest, never());
    assert.ok(found);
    await driver.stop(guest, 0);
    await Promise.all([exited, found.exited]);
    assert.equal(await driver.adopt?.(guest, never()), undefined);
  });
}

async function releasesNothing({ driver }: ContractSubject): Promise<void> {
  const guest = newGuestName();
  await driver.stop(guest, 0);
  await driver.delete(guest);
  await driver.delete(guest);
}

async function deletesRunning(subject: ContractSubject): Promise<void> {
  await withStarted(subject, async (guest, { exited }) => {
    await subject.driver.delete(guest);
    await exited;
    assert.equal(await listed(subject.driver, guest), undefined);
  });
}

async function refusesForeign({ driver }: ContractSubject): Promise<void> {
  await rejection(driver.delete('somebody-elses-vm'));
}

async function keepsStopped(subject: ContractSubject): Promise<void> {
  await withClone(subject, (guest) => keepsAndClones(subject, guest));
}

async function keepsRunning(subject: ContractSubject): Promise<void> {
  if (!subject.driver.features.keepsRunning) return;
  await withStarted(subject, async (guest, { exited }) => {
    await keepsAndClones(subject, guest);
    assert.equal((await listed(subject.driver, guest))?.running, true);
    await subject.driver.stop(guest, 0);
    await exited;
  });
}

async function keepsAndClones(subject: ContractSubject, guest: string): Promise<void> {
  const { driver } = subject;
  const key = `contract-${newGuestName().slice(-12)}`;
  const login = { user: 'admin', privateKey: 'none' };
  const request = { guest, key, base: await imageOf(subject), description: 'a contract', login };
  assert.equal(await driver.findImage(key, never()), undefined);
  await rejection(driver.keepImage(request, AbortSignal.abort()));
  assert.equal(await driver.findImage(key, never()), undefined);
  await driver.keepImage(request, never());
  await driver.keepImage(request, never());
  try {
    const image = await driver.findImage(key, never());
    assert.ok(image);
    const kept = (await driver.listImages()).find((each) => each.key === key);
    assert.equal(kept?.description, 'a contract');
    await withGuestOf(driver, { ...(await requestFor(subject)), image }, async () => undefined);
  } finally {
    await driver.removeImage(key);
  }
  await driver.removeImage(key);
  assert.equal(await driver.findImage(key, never()), undefined);
}

async function forksSaved(subject: ContractSubject): Promise<void> {
  const { driver } = subject;
  assert.equal(driver.snapshots !== undefined, driver.features.memorySnapshot);
  await withSaved(subject, false, async (snapshots, key) => {
    const [one, other] = [newGuestName(), newGuestName()];
    await rejection(snapshots.fork({ guest: one, key }, AbortSignal.abort()));
    assert.equal(await listed(driver, one), undefined);
    const { exited } = await snapshots.fork({ guest: one, key }, never());
    try {
      await snapshots.fork({ guest: other, key }, never());
      assert.equal((await rejection(snapshots.fork({ guest: other, key }, never()))).code, 'NAME_TAKEN');
      const addresses = [await driver.address(one, never()), await driver.address(other, never())];
      assert.notDeepEqual(addresses[0], addresses[1]);
      await snapshots.remove(key);
      await driver.stop(one, 0);
      await exited;
      assert.deepEqual(await listed(driver, one), { name: one, running: false });
      assert.deepEqual(await listed(driver, other), { name: other, running: true });
    } finally {
      await driver.delete(one);
      await driver.delete(other);
    }
    assert.deepEqual([await listed(driver, one), await listed(driver, other)], [undefined, undefined]);
  });
}

async function savesRunning(subject: ContractSubject): Promise<void> {
  await withSaved(subject, true, async (snapshots, key) => {
    const guest = newGuestName();
    await snapshots.fork({ guest, key }, never());
    try {
      assert.equal((await listed(subject.driver, guest))?.running, true);
    } finally {
      await subject.driver.delete(guest);
    }
  });
}

/** Works with a template of a guest that still is, and runs or not. Drivers without templates are let off. */
async function withSaved(
  subject: ContractSubject,
  keepRunning: boolean,
  work: (snapshots: MemorySnapshots, key: string) => Promise<void>,
): Promise<void> {
  const { driver } = subject;
  const { snapshots } = driver;
  if (!snapshots) return;
  const key = `contract-${newGuestName().slice(-12)}`;
  const request = { ...(await requestFor(subject)), snapshotable: !keepRunning };
  await withGuestOf(driver, request, async (guest) => {
    const { exited } = await driver.start(guest, never());
    assert.equal(
      (await rejection(snapshots.fork({ guest: newGuestName(), key }, never()))).code,
      'IMAGE_NOT_FOUND',
    );
    await rejection(snapshots.save({ guest, key, keepRunning }, AbortSignal.abort()));
    assert.equal(await snapshots.has(key, never()), false);
    await snapshots.save({ guest, key, keepRunning }, never());
    if (!keepRunning) await exited;
    assert.equal((await listed(driver, guest))?.running, keepRunning);
    assert.equal(await snapshots.has(key, never()), true);
    assert.ok((await snapshots.list()).includes(key));
    try {
      await work(snapshots, key);
    } finally {
      await snapshots.remove(key);
    }
    await snapshots.remove(key);
    assert.equal(await snapshots.has(key, never()), false);
    assert.ok(!(await snapshots.list()).includes(key));
  });
}
