/** What the tests of commands that read and write nothing give them. */
export const streams = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
