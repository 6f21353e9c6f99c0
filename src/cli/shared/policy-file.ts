/** Reads text and policies from files given by flags. */
import { readFile } from 'node:fs/promises'
import { checkPolicy } from '../../admin-commands/principal-options.ts'
import type { PolicyKind } from '../../policy/policy-document.ts'
import { ConfigurationError } from '../../errors.ts'
import { isObject } from '../../text/json.ts'
import { systemErrorText } from '../../text/system-error.ts'
import { printNote } from '../../terminal.ts'
import type { CommandContext } from './context.ts'

/** Returns the text of the file given by a flag. Throws ConfigurationError if the file cannot be read. */
export async function readTextFile(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`${flag}: cannot read ${path}: ${systemErrorText(error)}`)
  }
}

/**
 * Returns the policy in the file given by `--policy` or `--trust-policy`. A note is printed for each unsupported part of
 * the policy. Throws ConfigurationError if the file cannot be read or does not contain a policy.
 */
export async function readPolicyFile<P extends string | undefined>(
  { stderr }: CommandContext,
  path: P,
  kind: PolicyKind = 'identity',
): Promise<P> {
  if (path === undefined) return path
  const flag = kind === 'identity' ? '--policy' : '--trust-policy'
  const policy = await readTextFile(flag, path)
  for (const problem of checkPolicy(flag, policy, kind)) printNote(stderr, problem)
  if (!hasAllow(policy)) printNote(stderr, `${path} has no Allow statement, so it allows nothing`)
  return policy as P
}

/** Returns whether a valid policy has at least one Allow statement. */
function hasAllow(policy: string): boolean {
  const { Statement } = JSON.parse(policy) as { readonly Statement: unknown }
  const statements: readonly unknown[] = Array.isArray(Statement) ? Statement : [Statement]
  return statements.some((statement) => isObject(statement) && statement['Effect'] === 'Allow')
}
