/** A folder of the host that a guest may see. */
export interface HostMount {
  /** The folder on the host. */
  readonly source: string;
  /** Where it is in the guest. */
  readonly target: string;
  /** Whether the guest may write to it. */
  readonly isWritable: boolean;
}

/** The name by which a guest asks for a folder, by its place in the list. */
export const mountTag = (index: number): string => `vzvm${index}`;
