const PREFIX = 'vzvm-image-';

/** The VM that a kept image is. */
export const keptVmOf = (key: string): string => `${PREFIX}${key}`;

/** Whether a VM is a kept image of ours. */
export const isKeptVm = (name: string): boolean => name.startsWith(PREFIX);
