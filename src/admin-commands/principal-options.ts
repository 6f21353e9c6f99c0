/** Validates the options for users, roles and access keys: names, tags and policies (IAM API, CreateUser, CreateRole). */
import type { Tags } from '../identity/caller.ts'
import { ConfigurationError } from '../errors.ts'
import { parsePolicy, type PolicyKind } from '../policy/policy-document.ts'

const nameForm = /^[\w+=,.@-]{1,64}$/
const policyNameForm = /^[\w+=,.@-]{1,128}$/
const tagKeyForm = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u
const tagValueForm = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u
const tagsMax = 50

/** Throws ConfigurationError unless the text is a valid user or role name. */
export function requireName(flag: string, name: string): void {
  if (!nameForm.test(name)) throw new ConfigurationError(`${flag} must match ${nameForm.source}`)
}

export function requirePolicyName(name: string): void {
  if (!policyNameForm.test(name))
    throw new ConfigurationError(`--name must match ${policyNameForm.source}`)
}

/** Parses strings in the form `key=value`. Throws ConfigurationError for a string in any other form, and for a repeated key. */
export function tagsOf(texts: readonly string[]): Tags {
  const pairs = texts.map((text): [string, string] => {
    const equals = text.indexOf('=')
    const [key, value] = equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
    if (!tagKeyForm.test(key) || !tagValueForm.test(value))
      throw new ConfigurationError(
        `--tag must be key=value, with letters, digits, spaces and _.:/=+-@, not '${text}'`,
      )
    return [key, value]
  })
  const keys = new Set(pairs.map(([key]) => key.toLowerCase()))
  if (keys.size < pairs.length)
    throw new ConfigurationError('--tag is given twice with the same key')
  if (keys.size > tagsMax) throw new ConfigurationError(`at most ${tagsMax} tags are allowed`)
  return Object.fromEntries(pairs)
}

/**
 * Returns a sentence for each unsupported part of a policy. If the text is not a policy, the function throws a
 * ConfigurationError that names the flag.
 */
export function checkPolicy(flag: string, policy: string, kind: PolicyKind): readonly string[] {
  const { statements, problems } = parsePolicy(policy, kind)
  if (statements.length === 0)
    throw new ConfigurationError(problems.map((problem) => `${flag}: ${problem}`).join('\n'))
  return problems
}
