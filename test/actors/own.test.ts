import { describe, expect, it } from 'vitest';
import { clone } from '../../src/actors/clone.ts';
import { own, ownProcess } from '../../src/actors/own.ts';
import { startTestVm } from '../helpers/vm-session.ts';

const never = new AbortController().signal;

describe('the release of a VM that is owned', () => {
  it('has no problem where what could not be stopped was deleted all the same', async () => {
    await using vm = await startTestVm();
    await own(vm.session, never);
    ownProcess(vm.session);
    vm.driver.stop = () => Promise.reject(new Error('it does not answer'));
    expect(await vm.release()).toEqual([]);
    expect(await vm.driver.list()).toEqual([]);
    expect(vm.log.join('\n')).toContain('it does not answer');
  });

  it('has no problem where it could be deleted the second time', async () => {
    await using vm = await startTestVm();
    await own(vm.session, never);
    const real = vm.driver.delete.bind(vm.driver);
    vm.driver.delete = (guest) => {
      vm.driver.delete = real;
      return Promise.reject(new Error(`${guest} is busy`));
    };
    expect(await vm.release()).toEqual([]);
    expect(await vm.driver.list()).toEqual([]);
    expect(vm.log.join('\n')).toContain('is busy');
  });

  it('has one where it could not be deleted', async () => {
    await using vm = await startTestVm();
    await own(vm.session, never);
    const real = vm.driver.delete.bind(vm.driver);
    vm.driver.delete = () => Promise.reject(new Error('it is busy'));
    expect(await vm.release()).toEqual(['guest files: it is busy']);
    await real(vm.session.name);
  });

  it('lets go of one that is detached', async () => {
    await using vm = await startTestVm();
    await own(vm.session, never);
    ownProcess(vm.session);
    vm.session.isDetached = true;
    expect(await vm.release()).toEqual([]);
    expect(await vm.driver.list()).toMatchObject([{ running: true }]);
    await vm.driver.delete(vm.session.name);
  });
});

describe('what is written down of a VM', () => {
  it('is there before there is anything of the VM, and goes after all of it', async () => {
    await using vm = await startTestVm();
    const order: string[] = [];
    const [intend, forget] = ['written', 'forgotten'].map(
      (word) => () => Promise.resolve(void order.push(word)),
    );
    Object.assign(vm.session, { owned: { intend, forget } });
    vm.driver.clone = () => Promise.resolve(void order.push('cloned'));
    const real = vm.driver.delete.bind(vm.driver);
    vm.driver.delete = (guest) => real(guest).then(() => void order.push('deleted'));
    await vm.run(clone);
    expect(await vm.release()).toEqual([]);
    expect(order).toEqual(['written', 'cloned', 'deleted', 'forgotten']);
  });
});
