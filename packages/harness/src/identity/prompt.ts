import type { Manifest } from './manifest.ts';

/** Files whose text becomes part of the system prompt, with the heading it gets. */
export const PROMPT_FILES = [
  { file: 'SOUL.md', heading: 'Soul' },
  { file: 'RULES.md', heading: 'Rules' },
  { file: 'AGENTS.md', heading: 'Agents' },
  { file: 'DUTIES.md', heading: 'Duties' },
] as const;

/** Text of each of {@link PROMPT_FILES} that exists. */
export type PromptTexts = Readonly<Partial<Record<(typeof PROMPT_FILES)[number]['file'], string>>>;

/** What is appended to the engine's own system prompt. */
export function systemPromptAppend({ name, version, description }: Manifest, texts: PromptTexts): string {
  const sections = [`# Identity\n\n${name} (version ${version})`];
  if (description) sections.push(description.trim());
  for (const { file, heading } of PROMPT_FILES) {
    const content = texts[file]?.trim();
    if (content) sections.push(`# ${heading}\n\n${content}`);
  }
  return sections.join('\n\n');
}
