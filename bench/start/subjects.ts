import { fakeSubject } from './fake.ts';
import type { DriverName } from './names.ts';
import { qemuSubject } from './qemu.ts';
import type { Subject } from './subject.ts';

/** What each driver is measured with. */
export const SUBJECTS: Readonly<
  Record<DriverName, (signal: AbortSignal, say: (line: string) => void) => Promise<Subject>>
> = {
  qemu: qemuSubject,
  fake: (signal) => Promise.resolve(fakeSubject(signal)),
};
