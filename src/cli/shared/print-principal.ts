/** Prints a user or role with its policies. */
import { isObject, type JsonObject } from '../../text/json.ts'
import type { CommandContext } from './context.ts'
import { printResult, type OutputFlags } from './print.ts'
import { paragraphsText } from './style.ts'
import { cellText, tagsText, wordsOf } from './table.ts'

/** Prints a user or role. In table format, each policy and each access key is a separate paragraph. */
export function printPrincipal(context: CommandContext, flags: OutputFlags, found: object): void {
  const value = withDocuments(found) as JsonObject
  const { Policies, AccessKeys, AssumeRolePolicyDocument: trust, ...members } = value
  printResult(context, flags, {
    value,
    text: () =>
      paragraphsText(context.stdout, [
        {
          title: 'UserName' in members ? 'User' : 'Role',
          lines: linesOf({ ...members, Tags: tagsText(members) }),
        },
        ...(trust === undefined ? [] : [documentText('Trust policy', trust)]),
        ...objectsOf(Policies).map(({ PolicyName, PolicyDocument }) =>
          documentText(`Policy ${String(PolicyName)}`, PolicyDocument),
        ),
        ...objectsOf(AccessKeys).flatMap(({ AccessKeyId, PolicyDocument, ...key }) => [
          { title: `Access key ${String(AccessKeyId)}`, lines: linesOf(key) },
          ...(PolicyDocument === undefined
            ? []
            : [documentText(`Policy of access key ${String(AccessKeyId)}`, PolicyDocument)]),
        ]),
      ]),
  })
}

/** Parses the policy documents in a value. The API returns policy documents as JSON text. */
export function withDocuments(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDocuments)
  if (!isObject(value) || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key.endsWith('PolicyDocument') && typeof member === 'string'
        ? (JSON.parse(member) as unknown)
        : withDocuments(member),
    ]),
  )
}

function objectsOf(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : []
}

function linesOf(members: JsonObject) {
  return Object.entries(members)
    .map(([key, value]) => line(wordsOf(key), cellText(value)))
    .filter(({ text }) => text !== '')
}

function documentText(title: string, document: unknown) {
  const lines = JSON.stringify(document, undefined, 2).split('\n')
  return { title, lines: lines.map((text) => line('', text)) }
}

function line(label: string, text: string) {
  return { label, text, tone: 'plain' as const }
}
