import { forget, ifBooting, one, recordFailure, several } from './fragments.ts';
import { poolSetup } from './setup.ts';

export const filling = poolSetup.createStateConfig({
  description: 'Boots VMs for claims to come, because a boot takes longer than anybody likes to wait.',
  tags: 'filling',
  meta: { title: 'Filling' },
  always: [
    { guard: 'isFull', target: 'full' },
    { guard: { type: 'mayBoot', params: several }, actions: { type: 'boot', params: several } },
  ],
});

export const full = poolSetup.createStateConfig({
  description: 'Has as many parked as were asked for, because more would only take memory.',
  tags: 'full',
  meta: { title: 'Full' },
  always: { guard: 'isShort', target: 'filling' },
});

export const cooling = poolSetup.createStateConfig({
  description: 'Boots nothing for the pool for a while, because what has just failed would fail again.',
  tags: 'cooling',
  meta: { title: 'Cooling down' },
  entry: 'announceCooling',
  after: { pause: 'probing' },
  on: {
    // Boots that were under way share one cause: they neither lengthen the pause nor begin it anew.
    'VM.FAILED': { guard: ifBooting, actions: recordFailure },
    'VM.ENDED': { actions: forget },
  },
});

export const probing = poolSetup.createStateConfig({
  description: 'Lets one boot tell whether boots succeed again, because many would fail as expensively.',
  tags: 'cooling',
  meta: { title: 'Probing' },
  always: [
    { guard: 'hasRecovered', target: 'filling' },
    { guard: { type: 'mayBoot', params: one }, actions: { type: 'boot', params: one } },
  ],
});
