/** What a VM's recorder asks of its guest. */
export interface RecordedGuest {
  /** What is to be hidden. Asked each time, because some are made late, and told once, because some go early. */
  secrets(): Iterable<string | undefined>;
  /** Hands on what a source says, with what it has said last, until it is cancelled or there is no more. */
  follow(source: 'console' | 'harness', onText: (text: string) => void, signal: AbortSignal): Promise<void>;
}
