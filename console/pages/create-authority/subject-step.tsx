/** The wizard's step for the CA's subject, key and validity. */
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { signingAlgorithms, type KeyAlgorithm } from '../../api/create-authority.ts'
import { SubjectFields } from '../../widgets/subject-fields.tsx'
import type { AuthorityDraft } from './draft.ts'

interface SubjectStepProps {
  readonly draft: AuthorityDraft
  readonly onChange: (part: Partial<AuthorityDraft>) => void
}

const algorithms = (Object.keys(signingAlgorithms) as KeyAlgorithm[]).map((value) => ({
  value,
  label: value,
  description: value.startsWith('ML_DSA')
    ? 'Post-quantum; few clients support it'
    : value.startsWith('RSA')
      ? 'Larger and slower, for old clients'
      : 'Small and fast',
}))

const pathLengths = [
  { value: '0', label: '0: the CA issues only end-entity certificates' },
  { value: '1', label: '1: one level of CAs below it' },
  { value: '2', label: '2: two levels of CAs below it' },
  { value: '3', label: '3: three levels of CAs below it' },
]

export function SubjectStep({ draft, onChange }: SubjectStepProps): ReactNode {
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Subject</Header>}>
        <SubjectFields
          subject={draft.subject}
          onChange={(subject) => onChange({ subject })}
          nameDescription="For example: Example Issuing CA. The common name cannot be changed later."
        />
      </Container>
      <Container header={<Header variant="h2">Key and validity</Header>}>
        <SpaceBetween size="m">
          <FormField label="Key algorithm">
            <Select
              options={algorithms}
              selectedOption={algorithms.find(({ value }) => value === draft.keyAlgorithm) ?? null}
              onChange={({ detail }) =>
                onChange({ keyAlgorithm: detail.selectedOption.value as KeyAlgorithm })
              }
            />
          </FormField>
          {draft.kind !== 'signed-elsewhere' && (
            <FormField label="Validity in years">
              <Input
                type="number"
                value={draft.years}
                onChange={({ detail }) => onChange({ years: detail.value })}
              />
            </FormField>
          )}
          {draft.kind === 'signed-here' && (
            <FormField label="Path length">
              <Select
                options={pathLengths}
                selectedOption={pathLengths.find(({ value }) => value === draft.pathLength) ?? null}
                onChange={({ detail }) =>
                  onChange({ pathLength: detail.selectedOption.value ?? '0' })
                }
              />
            </FormField>
          )}
          <Checkbox
            checked={draft.isShortLived}
            description="Certificates are valid for at most 7 days and do not need to be revoked."
            onChange={({ detail }) => onChange({ isShortLived: detail.checked })}
          >
            Issue only short-lived certificates
          </Checkbox>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  )
}
