/** The inputs for the names and the algorithm of a key that the browser generates. */
import FormField from '@cloudscape-design/components/form-field'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import type { ReactNode } from 'react'
import { SubjectFields } from '../../widgets/subject-fields.tsx'
import {
  browserKeyAlgorithms,
  nameProblem,
  type BrowserKeyAlgorithm,
  type KeyRequest,
} from '../../x509/browser-key.ts'

export interface KeyDraft {
  readonly algorithm: BrowserKeyAlgorithm
  /** Alternative names, one per line. */
  readonly names: string
  readonly subject: Readonly<Record<string, string>>
}

export const emptyKeyDraft: KeyDraft = { algorithm: 'EC_prime256v1', names: '', subject: {} }

const commonNameMax = 64

/**
 * Returns the parameters for generating the key. Without a subject, the first name becomes the CommonName, as most clients
 * expect.
 */
export function keyRequestOf({ algorithm, names, subject }: KeyDraft): KeyRequest {
  const list = namesOf(names)
  const filled = Object.entries(subject)
    .map(([name, value]) => [name, value.trim()] as const)
    .filter(([, value]) => value !== '')
  const first = list[0] ?? ''
  const isFirstUsable = first !== '' && first.length <= commonNameMax && !first.includes('://')
  const defaultSubject = isFirstUsable ? { CommonName: first } : {}
  return {
    algorithm,
    names: list,
    subject: filled.length === 0 ? defaultSubject : Object.fromEntries(filled),
  }
}

/** Returns what is missing, or undefined if a key can be generated. */
export function problemOfKey(draft: KeyDraft): string | undefined {
  const { names, subject } = keyRequestOf(draft)
  if (names.length === 0 && Object.keys(subject).length === 0)
    return 'Enter a name: a DNS name, an IP address, an email address or a URI.'
  return names.map(nameProblem).find((problem) => problem !== undefined)
}

function namesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '')
}

interface KeyFieldsProps {
  readonly draft: KeyDraft
  readonly onChange: (draft: KeyDraft) => void
}

export function KeyFields({ draft, onChange }: KeyFieldsProps): ReactNode {
  const invalid = namesOf(draft.names)
    .map(nameProblem)
    .find((problem) => problem !== undefined)
  return (
    <SpaceBetween size="m">
      <FormField
        label="Names"
        description="DNS names, IP addresses, email addresses or URIs, one in each line."
        errorText={invalid}
      >
        <Textarea
          value={draft.names}
          rows={3}
          spellcheck={false}
          placeholder="server.example.com"
          onChange={({ detail }) => onChange({ ...draft, names: detail.value })}
        />
      </FormField>
      <FormField label="Key algorithm">
        <Select
          options={browserKeyAlgorithms}
          selectedOption={
            browserKeyAlgorithms.find(({ value }) => value === draft.algorithm) ?? null
          }
          onChange={({ detail }) =>
            onChange({ ...draft, algorithm: detail.selectedOption.value as BrowserKeyAlgorithm })
          }
        />
      </FormField>
      <ExpandableSection headerText="Subject - optional">
        <SubjectFields
          subject={draft.subject}
          onChange={(subject) => onChange({ ...draft, subject })}
          nameDescription="By default, the first name."
        />
      </ExpandableSection>
    </SpaceBetween>
  )
}
