import { describe, expect, it } from 'vitest';
import type { Sample } from '../../chaos/soak/sample.ts';
import { trendsOf } from '../../chaos/soak/trend.ts';

const still: Sample = {
  heapKiB: 20_000,
  residentKiB: 100_000,
  fileDescriptors: 25,
  sockets: 1,
  processes: 5,
  othersKiB: 70_000,
  diskKiB: 1_000,
  files: 9,
  mounts: 20,
};
const after = (vms: number, change: (vm: number) => Partial<Sample>) =>
  trendsOf(Array.from({ length: vms }, (_, vm) => ({ ...still, ...change(vm) })));
const growing = (trends: ReturnType<typeof trendsOf>) =>
  Object.entries(trends).flatMap(([measure, { isFlat }]) => (isFlat ? [] : [measure]));

describe('the trend of a soak', () => {
  it('is flat where nothing grows, whatever is under way at the moment of a look', () => {
    expect(growing(after(9, () => ({})))).toEqual([]);
    expect(
      growing(after(9, (vm) => ({ fileDescriptors: 25 + (vm % 3), processes: vm % 2 ? 1 : 5 }))),
    ).toEqual([]);
  });

  it('tells of a descriptor, a file or a mount that each few VMs leave', () => {
    const trends = after(12, (vm) => ({
      fileDescriptors: 25 + Math.floor(vm / 4),
      files: 9 + vm,
      mounts: 20 + vm,
    }));
    expect(growing(trends)).toEqual(['fileDescriptors', 'files', 'mounts']);
  });

  it('tells of memory that every VM keeps, when there are enough of them', () => {
    expect(growing(after(50, (vm) => ({ heapKiB: 20_000 + 10 * vm })))).toEqual([]);
    expect(growing(after(100, (vm) => ({ heapKiB: 20_000 + 10 * vm })))).toEqual(['heapKiB']);
    expect(growing(after(100, (vm) => ({ heapKiB: 20_000 + (vm % 2) * 500 })))).toEqual([]);
  });
});
