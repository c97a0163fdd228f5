import { z } from 'zod';
import type { Redact } from '../../inspector/index.ts';

/** How this program's VMs are shown. */
export interface InspectorOptions {
  /** Port on loopback. @defaultValue one that is free */
  readonly port?: number;
  /** Opens the page in the user's browser. @defaultValue false */
  readonly open?: boolean;
  /** Called with the page's address, which is secret: whoever has it may look. @defaultValue a line on standard error */
  readonly onUrl?: (url: string) => void;
  /**
   * Serves the page `stately` as well, in which the inspector hosted at stately.ai shows this program's VMs: it is then told
   * all that the inspector tells. @defaultValue false
   */
  readonly stately?: boolean;
  /**
   * Your own say in what is shown, asked before the defaults, for each value with its path (`context.address`). Answers
   * what is shown instead.
   */
  readonly redact?: Redact;
}

/** How VMs are recorded. */
export interface TraceOptions {
  /** The file. */
  readonly path: string;
  /**
   * Your own say in what is written, asked before the defaults, for each value with its path (`context.address`). Answers
   * what is written instead. @defaultValue that of the option `inspector`
   */
  readonly redact?: Redact;
}

const callback = z.custom((value) => typeof value === 'function', 'expected a function').optional();

/** Checks the option `inspector`. */
export const inspectorSchema = z
  .union(
    [
      z.boolean(),
      z.strictObject({
        port: z.int().min(0).max(65_535).optional(),
        open: z.boolean().optional(),
        stately: z.boolean().optional(),
        onUrl: callback,
        redact: callback,
      }),
    ],
    'expected true, false or { port, open, onUrl, stately, redact }',
  )
  .optional();

/** Checks the option `trace`. */
export const traceSchema = z
  .union(
    [z.string().min(1), z.strictObject({ path: z.string().min(1), redact: callback })],
    'expected a path, or { path, redact }',
  )
  .optional();
