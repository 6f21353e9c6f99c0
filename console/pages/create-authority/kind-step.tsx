/** The wizard's step for choosing the CA's kind and issuer. */
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tiles from '@cloudscape-design/components/tiles'
import type { ReactNode } from 'react'
import type { Authority } from '../../api/types.ts'
import { authorityId, subjectText, visibleText } from '../../widgets/format.ts'
import type { AuthorityDraft, AuthorityKind } from './draft.ts'

interface KindStepProps {
  readonly draft: AuthorityDraft
  readonly issuers: readonly Authority[]
  readonly onChange: (part: Partial<AuthorityDraft>) => void
}

const kinds: readonly {
  readonly value: AuthorityKind
  readonly label: string
  readonly description: string
}[] = [
  {
    value: 'root',
    label: 'Root CA',
    description:
      'The trust anchor of your clients. It signs its own certificate and is active immediately.',
  },
  {
    value: 'signed-here',
    label: 'Subordinate CA, signed by a CA on this server',
    description: 'A CA in this account signs the certificate. The new CA is active immediately.',
  },
  {
    value: 'signed-elsewhere',
    label: 'Subordinate CA, signed elsewhere',
    description: 'You download a CSR, have it signed, and import the certificate.',
  },
]

const yearsDefault: Readonly<Record<AuthorityKind, string>> = {
  root: '10',
  'signed-here': '5',
  'signed-elsewhere': '5',
}

export function KindStep({ draft, issuers, onChange }: KindStepProps): ReactNode {
  const options = issuers.map(({ Arn, CertificateAuthorityConfiguration: { Subject } }) => ({
    value: Arn,
    label: visibleText(subjectText(Subject)),
    description: authorityId(Arn),
  }))
  return (
    <Container>
      <SpaceBetween size="l">
        <Tiles
          ariaLabel="Kind of CA"
          value={draft.kind}
          items={[...kinds]}
          onChange={({ detail }) => {
            const kind = detail.value as AuthorityKind
            onChange({ kind, years: yearsDefault[kind] })
          }}
        />
        {draft.kind === 'signed-here' && (
          <FormField label="Issuer" description="Only active CAs can sign.">
            <Select
              placeholder="Select a CA"
              options={options}
              selectedOption={options.find(({ value }) => value === draft.issuerArn) ?? null}
              empty="No CA in this Region is active."
              onChange={({ detail }) => onChange({ issuerArn: detail.selectedOption.value ?? '' })}
            />
          </FormField>
        )}
      </SpaceBetween>
    </Container>
  )
}
