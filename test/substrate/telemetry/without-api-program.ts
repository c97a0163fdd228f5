// Boots a VM where there is no OpenTelemetry, and says what became of it.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry/'))
      throw Object.assign(new Error(`there is no ${specifier}`), { code: 'MODULE_NOT_FOUND' });
    return next(specifier, context);
  },
});

const { VZVMSubstrate, VzvmError } = await import('../../../src/index.ts');
const { createFakeDriver } = await import('../../../src/testing.ts');
const { openTelemetry } = await import('../../../src/substrate/telemetry/api.ts');
const driver = createFakeDriver({ script: { start: new VzvmError('BOOT_FAILED', 'no room') } });
const substrate = new VZVMSubstrate({ driver, baseImage: 'fake' });
const code = await substrate.bootHarness({ envs: {} }).catch((error: { code?: string }) => error.code);
await substrate.dispose();
process.stdout.write(JSON.stringify({ has: openTelemetry() !== undefined, code }));
