import { readFile } from 'node:fs/promises'
import { checkPolicy } from '../admin-commands/check-policy.ts'
import type { PolicyKind } from '../policy/policy-document.ts'
import { ConfigurationError } from '../errors.ts'
import { printNote } from '../terminal.ts'

/** Text of the file that a flag names. Throws ConfigurationError if it cannot be read. */
export async function readTextFile(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`${flag} ${path} cannot be read: ${(error as Error).message}`)
  }
}

/**
 * The policy in the file that a flag names; what of it is not understood is said. Throws ConfigurationError if it cannot be
 * read, or is no policy.
 */
export async function readPolicyFile<P extends string | undefined>(
  flag: string,
  path: P,
  kind: PolicyKind,
): Promise<P> {
  if (path === undefined) return path
  const policy = await readTextFile(flag, path)
  for (const problem of checkPolicy(flag, policy, kind)) printNote(problem)
  return policy as P
}
