/**
 * Converts the inputs of SimulatePolicy from text, and its results to text. The web console compiles this module for browsers.
 */
import type {
  ContextEntry,
  SimulatedStatement,
  SimulationResult,
} from '../../client/simulate-policy.ts'

/** A condition key with one of its values. */
export interface ContextPair {
  readonly key: string
  readonly value: string
}

/** Groups key-value pairs by key. A repeated key has several values, and pairs without a key or value are ignored. */
export function contextEntries(pairs: readonly ContextPair[]): ContextEntry[] {
  const entries = new Map<string, string[]>()
  for (const { key, value } of pairs)
    if (key !== '' && value !== '') entries.set(key, [...(entries.get(key) ?? []), value])
  return [...entries].map(([ContextKeyName, ContextKeyValues]) => ({
    ContextKeyName,
    ContextKeyValues,
  }))
}

export const decisionTexts: Readonly<Record<SimulationResult['Decision'], string>> = {
  allowed: 'Allowed',
  explicitDeny: 'Denied by a statement',
  implicitDeny: 'Denied, because no statement allows it',
}

const sources: Readonly<Record<SimulatedStatement['Source'], string>> = {
  IDENTITY_POLICY: 'Policy',
  ACCESS_KEY_POLICY: 'Policy of access key',
  ENDPOINT_POLICY: 'Configuration',
  SESSION_POLICY: 'Session policy',
  RESOURCE_POLICY: 'Resource policy of the CA',
  UNSAVED_POLICY: 'Unsaved resource policy',
  SHARE: 'Resource share',
  PERMISSION: 'Permission',
}

/** Describes the location of a statement, such as "Policy issue of alice, statement 2 (NoTags)". */
export function sourceText(
  statement: Pick<
    SimulatedStatement,
    'Source' | 'PolicyName' | 'Principal' | 'Sid' | 'StatementNumber'
  >,
): string {
  const { Source, PolicyName, Principal, Sid, StatementNumber } = statement
  const policy = PolicyName === undefined ? sources[Source] : `${sources[Source]} ${PolicyName}`
  const owner = Principal === undefined ? policy : `${policy} of ${Principal}`
  if (Source === 'PERMISSION') return owner
  return `${owner}, statement ${StatementNumber}${Sid === undefined ? '' : ` (${Sid})`}`
}
