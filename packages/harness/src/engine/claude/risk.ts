import type { Risk } from '../engine.ts';

const RISKS: Readonly<Record<string, Risk>> = {
  Bash: 'high',
  Shell: 'high',
  Delete: 'high',
  rm: 'high',
  Read: 'low',
  Glob: 'low',
  Grep: 'low',
  LS: 'low',
  Tree: 'low',
};

const DESTRUCTIVE = [
  /\brm\s+(?:-\S+\s+)*-\S*[rR]\S*\s+(?:-\S+\s+)*["']?(?:\/|~|\*|\$HOME)/,
  /\bsudo\s+rm\s+(?:-\S+\s+)*-\S*[rR]/,
  /\bdrop\s+(?:table|database|schema)\b/i,
  /\bmkfs(?:\.\w+)?\b/,
  /\bdd\b.*\bof=\/dev\//,
  /\b(?:shutdown|reboot|halt|poweroff)\b/,
  />\s*\/dev\/(?:sd|hd|vd|nvme|mmcblk|disk)/,
];

/** How dangerous a call looks. A hint for the person who is asked, not a guard: a command can be written in many ways. */
export function riskOf(toolName: string, input: unknown): Risk {
  const risk = Object.hasOwn(RISKS, toolName) ? RISKS[toolName] : undefined;
  if (toolName !== 'Bash' && toolName !== 'Shell') return risk ?? 'medium';
  const command = commandOf(input);
  return DESTRUCTIVE.some((pattern) => pattern.test(command)) ? 'destructive' : 'high';
}

function commandOf(input: unknown): string {
  if (typeof input !== 'object' || input === null || !('command' in input)) return '';
  return typeof input.command === 'string' ? input.command : '';
}
