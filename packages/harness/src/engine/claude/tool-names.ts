/** The server that the identity's own tools are shown by. */
export const GAP_SERVER = 'gap_tools';
const PREFIX = `mcp__${GAP_SERVER}__`;

/** What the engine calls a tool of the identity's. */
export function engineToolName(name: string): string {
  return PREFIX + name;
}

/** What the identity calls a tool. */
export function plainToolName(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
}

const LIST = /^[\w|-]+$/;

/** Whether a hook's matcher is about a tool, by either of its names: a list of names, or a pattern. */
export function isAbout(matcher: string | undefined, toolName: string): boolean {
  if (matcher === undefined || matcher === '' || matcher === '*') return true;
  const names = [toolName, plainToolName(toolName)];
  if (LIST.test(matcher)) return matcher.split('|').some((name) => names.includes(name));
  const pattern = new RegExp(matcher);
  return names.some((name) => pattern.test(name));
}
