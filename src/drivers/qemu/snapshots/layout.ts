/** What the files of a template are called in its folder. Its disks keep the names that they name each other by. */
export const MEMORY = 'memory';
export const STATE = 'state';
/** An empty disk on top of the template's, to be copied for each fork. */
export const OVERLAY = 'overlay.qcow2';
export const SEED = 'seed';
/** In the place of those that it was booted with. */
export const KERNEL = 'kernel';
export const INITRD = 'initrd';
/** Only while a template is made: memory and state in one. */
export const STREAM = 'stream';
/** Only while a template is made: the folder of the QEMU that does it. */
export const WORKSHOP = 'workshop';
