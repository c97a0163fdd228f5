/** Edges of the chart of a VM that nothing can take from outside, with the reasons. A test fails when this is not so any more. */
export const UNTAKEN: Readonly<Record<string, string>> = {
  'vm.disposing.releasing on error.actor.release → vm.disposing.done':
    'a release answers its problems and never rejects, whatever it is thrown. The edge is for a bug in it: without the ' +
    'edge the VM would have no end, for which everybody waits. It is taken on the chart alone',
};
