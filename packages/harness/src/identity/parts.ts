/** A program of the identity's, as it is started. */
export interface Script {
  readonly command: string;
  readonly args: readonly string[];
  /** Below the working directory. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** A tool that the identity brings: a script that reads its arguments as JSON and prints its result. */
export interface ScriptTool {
  readonly name: string;
  readonly description: string;
  /** JSON schema of an object. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly script: Script;
  /** A person has to agree to each call. */
  readonly needsConfirmation: boolean;
  readonly isReadOnly: boolean;
}

/** A program of the identity's that is asked, or told, when something happens. */
export interface AgentHook {
  /** The engine's name of the event, for example `PreToolUse`. */
  readonly event: string;
  /** The event's name as the identity has it. */
  readonly declared: string;
  /** Which tools it is about; all when undefined. */
  readonly matcher?: string | undefined;
  /** What it speaks: Claude's hook output, or `action: allow|block|modify`. */
  readonly protocol: 'claude' | 'gap';
  readonly script: Script;
}

/** Programs that an identity brings. */
export interface AgentParts {
  readonly tools: readonly ScriptTool[];
  readonly hooks: readonly AgentHook[];
}
