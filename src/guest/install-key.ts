import { script } from './shell.ts';

/** Puts a public key, the first line of standard input, into the user's authorized keys. Twice changes nothing. */
export function installKeyCommand(): string {
  return script(
    'umask 077',
    'IFS= read -r key || [ -n "$key" ]',
    'mkdir -p "$HOME/.ssh"',
    // sshd refuses keys that others could have written.
    'chmod 700 "$HOME/.ssh"',
    'file="$HOME/.ssh/authorized_keys"',
    'touch "$file"',
    'chmod 600 "$file"',
    'if ! grep -qxF -e "$key" "$file"; then',
    '  if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then echo >> "$file"; fi',
    `  printf '%s\\n' "$key" >> "$file"`,
    'fi',
    'if command -v restorecon >/dev/null 2>&1; then restorecon -R "$HOME/.ssh"; fi',
  );
}
