/** Explains a decision: the statements that determine it, and the policies that contain them. */
import type { ActionDecision } from '../../authorization/decide-access.ts'
import type { Policy, Statement } from '../../policy/policy-document.ts'
import { listOf, parseObject } from '../../text/json.ts'

export const sourceTypes = [
  'IDENTITY_POLICY',
  'ACCESS_KEY_POLICY',
  'ENDPOINT_POLICY',
  'SESSION_POLICY',
  'RESOURCE_POLICY',
  'UNSAVED_POLICY',
  'SHARE',
  'PERMISSION',
] as const

/** A policy that was evaluated for a decision. */
export interface PolicySource {
  /** OTHER_ACCOUNT: an assumed policy in another account, which is not displayed. */
  readonly type: (typeof sourceTypes)[number] | 'OTHER_ACCOUNT'
  readonly name?: string
  /** Name of the user, role or endpoint that has the policy. */
  readonly principal?: string
  /** The policy as JSON. */
  readonly text: string
}

/** Sources of the policies in a decision, in the same order as the policies. */
export interface DecisionSources {
  readonly identity: readonly PolicySource[]
  readonly session: readonly PolicySource[]
  readonly resource: readonly PolicySource[]
}

export interface ExplainedStatement {
  readonly type: (typeof sourceTypes)[number]
  readonly name: string | undefined
  readonly principal: string | undefined
  readonly sid: string | undefined
  /** Position of the statement in its policy, starting from 1. */
  readonly number: number
  /** The policy statement as JSON. */
  readonly json: string
}

/** Returns the statements that decide an action; empty for an implicit denial. */
export function explainDecision(
  { verdict: { by }, own, resourcePolicies = [] }: ActionDecision,
  sources: DecisionSources,
): ExplainedStatement[] {
  return [
    ...explain(by.identity, own.identity, sources.identity),
    ...explain(by.session, own.session ?? [], sources.session),
    ...explain(by.resource, resourcePolicies, sources.resource),
  ]
}

function explain(
  statement: Statement | undefined,
  policies: readonly Policy[],
  sources: readonly PolicySource[],
): ExplainedStatement[] {
  if (statement === undefined) return []
  const at = policies.findIndex(({ statements }) => statements.includes(statement))
  const source = sources[at]
  const index = policies[at]?.statements.indexOf(statement) ?? 0
  if (source === undefined || source.type === 'OTHER_ACCOUNT') return []
  const { type, name, principal, text } = source
  const json = JSON.stringify(listOf(parseObject(text)?.['Statement'])[index] ?? {})
  return [{ type, name, principal, sid: statement.sid, number: index + 1, json }]
}
