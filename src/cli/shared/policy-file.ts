/** Reads text and policies from files given by flags. */
import { readFile } from 'node:fs/promises'
import { checkPolicy } from '../../admin-commands/principal-options.ts'
import type { PolicyKind } from '../../policy/policy-document.ts'
import { matchesWildcard } from '../../policy/wildcard.ts'
import { ConfigurationError } from '../../errors.ts'
import { isObject, listOf, type JsonObject } from '../../text/json.ts'
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
  const statements = statementsIn(policy)
  if (!statements.some(({ Effect }) => Effect === 'Allow'))
    printNote(stderr, `${path} has no Allow statement, so it allows nothing`)
  for (const action of await unknownActions(statements))
    printNote(stderr, `${path} has the action ${action}, which does not exist`)
  return policy as P
}

/** Returns the statements of a valid policy. */
function statementsIn(policy: string): JsonObject[] {
  return listOf((JSON.parse(policy) as JsonObject)['Statement']).filter(isObject)
}

/** Services all of whose actions are actions of Signet. */
const ownServices = /^(?:acm-pca|signet):/i

/** Returns the actions that no operation of Signet has, which are most likely misspelled. */
async function unknownActions(statements: readonly JsonObject[]): Promise<string[]> {
  const actions = statements
    .flatMap(({ Action, NotAction }) => [...listOf(Action), ...listOf(NotAction)])
    .filter((action) => typeof action === 'string')
    .filter((action) => ownServices.test(action))
  const { operationActions } = await import('../../operations/index.ts')
  const known = operationActions.map((action) => action.toLowerCase())
  return [...new Set(actions)].filter((action) => {
    const pattern = action.toLowerCase()
    return !known.some((each) => matchesWildcard(pattern, each))
  })
}
