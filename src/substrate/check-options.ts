import { nearest } from '@computeragent/protocol/nearest';
import { VzvmError } from '../errors.ts';
import { STEPS } from '../machines/vm/index.ts';
import { isObject, optionsSchema } from './options-schema.ts';
import type { VZVMSubstrateOptions } from './options.ts';

/**
 * Checks options that come from outside.
 * @throws VzvmError OPTION_INVALID naming the option, its value and the nearest valid name.
 */
export function checkOptions(options: VZVMSubstrateOptions): VZVMSubstrateOptions {
  const result = optionsSchema.safeParse(options);
  if (result.success) return options;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') throw unknownOption(issue.path.map(String), String(issue.keys[0]));
  const path = (issue?.path ?? []).map(String);
  const value = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), options);
  const shown = path.some((key) => /password/i.test(key)) ? '(hidden)' : show(value);
  throw new VzvmError(
    'OPTION_INVALID',
    `option ${path.join('.') || 'object'}: ${issue?.message}, got ${shown}`,
    {
      facts: { option: path.join('.'), value: shown },
      hint: `correct ${path.join('.')} in new VZVMSubstrate({ … })`,
    },
  );
}

function unknownOption(path: readonly string[], key: string): VzvmError {
  const valid = path.length === 0 ? Object.keys(optionsSchema.shape) : validKeysAt(path[0] ?? '');
  const near = nearest(key, valid);
  return new VzvmError('OPTION_INVALID', `unknown option ${[...path, key].join('.')}`, {
    facts: { option: [...path, key].join('.'), nearest: near },
    hint:
      near === undefined ? `valid names: ${valid.join(', ')}` : `did you mean ${[...path, near].join('.')}?`,
  });
}

function validKeysAt(option: string): readonly string[] {
  if (option === 'guestNode') return ['major', 'source'];
  if (option === 'inspector') return ['port', 'open', 'onUrl', 'stately', 'redact'];
  if (option === 'trace') return ['path', 'redact'];
  if (option === 'prepare') return ['packages', 'script'];
  if (option === 'warm') return ['size', 'memoryBudgetMiB', 'maxIdleMs'];
  return option === 'timeouts' ? [...STEPS, 'healthy', 'disposing'] : STEPS;
}

function show(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 200);
  } catch {
    return typeof value;
  }
}
