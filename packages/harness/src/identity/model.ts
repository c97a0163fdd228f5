/** The provider that the Claude engine's models come from. */
const OURS = /^anthropic[:/]/i;
const OTHER = /^(?:openai|google|gemini|groq|deepseek|mistral|xai|ollama|cohere|meta)[:/]/i;

/** A model's name as the engine has it; undefined when it is another provider's, or when none is named. */
export function modelOf(preferred: string | undefined): string | undefined {
  if (preferred === undefined || preferred === '' || OTHER.test(preferred)) return undefined;
  return preferred.replace(OURS, '');
}
