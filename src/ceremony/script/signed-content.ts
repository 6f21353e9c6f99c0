/** The content of a certificate in a script: its template, and the values passed to the template. */
import {
  apiPassthrough,
  encodePassthrough,
  noPassthrough,
  type Passthrough,
} from '../../issuance/passthrough.ts'
import { requireTemplate, type Template } from '../../issuance/templates.ts'
import { readNameConstraints } from './name-constraints.ts'
import type { ScriptMembers } from './members.ts'

export interface SignedContent {
  readonly template: Template
  readonly passthrough: Passthrough
}

/** Reads an action's members `template`, `apiPassthrough` and `nameConstraints`. Returns undefined after a problem. */
export function readSignedContent(action: ScriptMembers): SignedContent | undefined {
  const template = readTemplate(action)
  const passthrough = readPassthrough(action)
  if (template === undefined || passthrough === undefined) return undefined
  const members = ['apiPassthrough', 'nameConstraints'].filter((name) => action.has(name))
  if (members.length === 0 || template.api) return { template, passthrough }
  return action.report(
    'template',
    `ignores ${members.join(' and ')}: use a template with APIPassthrough, such as SubordinateCACertificate_PathLen0_APIPassthrough`,
  )
}

function readTemplate(action: ScriptMembers): Template | undefined {
  const name = action.converted('template', (text) => text, 'the name of a template')
  const template =
    name === undefined ? undefined : action.attempt('template', () => requireTemplate(name))
  if (template?.kind !== 'root') return template
  return action.report('template', `is ${template.name}, which only the root itself can have`)
}

function readPassthrough(action: ScriptMembers): Passthrough | undefined {
  const constraints = action.has('nameConstraints') ? readNameConstraints(action) : undefined
  if (action.has('nameConstraints') && constraints === undefined) return undefined
  const requested = readRequested(action)
  if (requested === undefined || constraints === undefined) return requested
  if (requested.extensions.some(({ oid }) => oid === constraints.oid))
    return action.report('nameConstraints', 'must not also be an extension in apiPassthrough')
  return { ...requested, extensions: [...requested.extensions, constraints] }
}

function readRequested(action: ScriptMembers): Passthrough | undefined {
  if (!action.has('apiPassthrough')) return noPassthrough
  const requested = action.shaped('apiPassthrough', apiPassthrough)
  return requested && action.attempt('apiPassthrough', () => encodePassthrough(requested))
}
