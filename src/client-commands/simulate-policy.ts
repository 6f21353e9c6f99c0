/**
 * The command `signet policy simulate`, which reads the decision on each action and the statements that decide it from the API.
 */
import type { Client, SimulatePolicyOutput } from '../../client/index.ts'
import { ConfigurationError } from '../errors.ts'
import type { Line, Paragraph } from '../inspect/lines.ts'
import { contextEntries, decisionTexts, sourceText, type ContextPair } from './simulation.ts'

export interface SimulationRequest {
  /** Principal: an ARN, account ID or service, or `user/NAME` or `role/NAME` in the account that owns the CA. */
  readonly principal: string
  readonly actions: readonly string[]
  readonly resourceArn: string | undefined
  /** Condition keys in the form `KEY=VALUE`; a repeated key has several values. */
  readonly context: readonly string[]
  /** Policies to test, as JSON. */
  readonly policy: string | undefined
  readonly sessionPolicy: string | undefined
  readonly accessKeyId: string | undefined
}

export async function simulatePolicy(
  client: Client,
  request: SimulationRequest,
): Promise<SimulatePolicyOutput> {
  const { principal, actions, resourceArn, context, policy, sessionPolicy, accessKeyId } = request
  const entries = contextEntries(context.map(contextPair))
  return client.simulatePolicy({
    PrincipalArn: principal,
    ActionNames: actions.map((action) => (action.includes(':') ? action : `acm-pca:${action}`)),
    ...(resourceArn !== undefined && { ResourceArn: resourceArn }),
    ...(entries.length > 0 && { ContextEntries: entries }),
    ...(policy !== undefined && { Policy: policy }),
    ...(sessionPolicy !== undefined && { SessionPolicy: sessionPolicy }),
    ...(accessKeyId !== undefined && { AccessKeyId: accessKeyId }),
  })
}

/** Parses a `KEY=VALUE` option. Throws ConfigurationError for text in any other form. */
function contextPair(text: string): ContextPair {
  const [, key, value] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (key === undefined || value === undefined)
    throw new ConfigurationError(
      `--context '${text}' must be KEY=VALUE, such as acm-pca:TemplateArn=arn:aws:acm-pca:::template/EndEntityCertificate/V1`,
    )
  return { key, value }
}

/** Describes the decisions, with a paragraph for each action. */
export function simulationParagraphs({
  Results,
  PolicyProblems,
  Warnings,
}: SimulatePolicyOutput): Paragraph[] {
  const notes: Line[] = [
    ...PolicyProblems.map((text) => ({ label: 'problem', text, tone: 'bad' as const })),
    ...Warnings.map((text) => ({ label: 'warning', text, tone: 'warning' as const })),
  ]
  return [
    ...Results.map((result) => ({ title: result.ActionName, lines: resultLines(result) })),
    ...(notes.length === 0 ? [] : [{ title: 'Notes', lines: notes }]),
  ]
}

function resultLines({
  Decision,
  Reason,
  Statements,
  MissingContextKeys,
}: SimulatePolicyOutput['Results'][number]): Line[] {
  const isAllowed = Decision === 'allowed'
  return [
    { label: 'decision', text: decisionTexts[Decision], tone: isAllowed ? 'good' : 'bad' },
    ...(Reason === undefined ? [] : [{ label: 'reason', text: Reason, tone: 'plain' as const }]),
    ...Statements.flatMap((statement) => [
      { label: 'policy', text: sourceText(statement), tone: 'plain' as const },
      { label: 'statement', text: statement.Statement, tone: 'plain' as const },
    ]),
    ...(MissingContextKeys.length === 0
      ? []
      : [{ label: 'missing keys', text: MissingContextKeys.join(', '), tone: 'warning' as const }]),
  ]
}
