/** The wizard's step for choosing the CA's kind and issuer. */
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tiles from '@cloudscape-design/components/tiles'
import type { ReactNode } from 'react'
import type { Authority } from '../../api/types.ts'
import { AuthoritySelect } from '../../widgets/authority-select.tsx'
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
      'The trust anchor of your clients. A root CA signs its own certificate and is active immediately.',
  },
  {
    value: 'signed-here',
    label: 'Subordinate CA, signed by a CA on this server',
    description: 'A CA in this account signs the CA certificate. The new CA is active immediately.',
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
            <AuthoritySelect
              authorities={issuers}
              selected={draft.issuerArn}
              empty="No CA in this Region is active."
              onSelect={(issuerArn) => onChange({ issuerArn })}
            />
          </FormField>
        )}
      </SpaceBetween>
    </Container>
  )
}
