/** The page that issues a certificate for a CSR, or for a key that the browser generates. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tiles from '@cloudscape-design/components/tiles'
import { useState, type ReactNode } from 'react'
import { toBase64 } from '../api/client.ts'
import type { Authority } from '../api/types.ts'
import { useDraft } from '../app/drafts.ts'
import { useNotify } from '../app/notifications.ts'
import { hrefOf, navigate, useLocation } from '../app/router.ts'
import { useAction } from '../app/use-call.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { useAuthorities } from '../widgets/authorities.ts'
import { AuthoritySelect } from '../widgets/authority-select.tsx'
import { Breadcrumbs } from '../widgets/breadcrumbs.tsx'
import { generateKey } from '../x509/browser-key.ts'
import { keepKey } from '../x509/session-keys.ts'
import { CsrFields, csrOf } from './issue/csr-fields.tsx'
import { KeyFields, emptyKeyDraft, keyRequestOf, problemOfKey } from './issue/key-fields.tsx'
import { TemplateField } from './issue/template-field.tsx'

const daysMax = 36_500

const emptyDraft = {
  source: 'key' as 'key' | 'csr',
  arn: '',
  template: 'EndEntityCertificate',
  days: '90',
  csr: '',
  key: emptyKeyDraft,
}

export function Page(): ReactNode {
  const { query } = useLocation()
  const authorities = useAuthorities()
  const active = authorities.value?.filter(({ Status }) => Status === 'ACTIVE')
  return (
    <SpaceBetween size="l">
      <Breadcrumbs items={[{ text: 'Certificates', path: 'certificates' }]} current="Issue" />
      <Header variant="h1">Issue certificate</Header>
      <ApiAlert error={authorities.error} action="List CAs" onRetry={authorities.reload} />
      {active?.length === 0 && (
        <Alert
          type="info"
          header="No CA is active"
          action={<Button onClick={() => navigate(hrefOf('authorities/create'))}>Create CA</Button>}
        >
          Only an active CA in this Region can issue certificates.
        </Alert>
      )}
      <IssueForm authorities={active ?? []} authorityArn={query.get('ca') ?? ''} />
    </SpaceBetween>
  )
}

interface IssueFormProps {
  readonly authorities: readonly Authority[]
  readonly authorityArn: string
}

function IssueForm({ authorities, authorityArn }: IssueFormProps): ReactNode {
  const notify = useNotify()
  const draft = useDraft('issue', emptyDraft)
  const { source, template, days, csr, key } = draft.value
  const arn = authorityArn || draft.value.arn
  const [isAttempted, setAttempted] = useState(false)
  const only = authorities.length === 1 ? authorities[0] : undefined
  const authority = authorities.find(({ Arn }) => Arn === arn) ?? only
  const read = csrOf(csr)
  const isDaysValid = /^\d{1,5}$/.test(days) && Number(days) >= 1 && Number(days) <= daysMax
  const problem =
    authority === undefined
      ? 'Select the CA.'
      : !isDaysValid
        ? `The validity must be 1 to ${daysMax} days.`
        : source === 'key'
          ? problemOfKey(key)
          : (read.problem ?? (read.request === undefined ? 'Paste a CSR.' : undefined))
  const { run, isRunning, error } = useAction(async (client) => {
    const made = source === 'key' ? await generateKey(keyRequestOf(key)) : undefined
    const { CertificateArn } = await client.call('IssueCertificate', {
      CertificateAuthorityArn: authority?.Arn,
      Csr: toBase64(made?.csrPem ?? read.request?.pem ?? ''),
      SigningAlgorithm: authority?.CertificateAuthorityConfiguration.SigningAlgorithm,
      TemplateArn: `arn:aws:acm-pca:::template/${template}/V1`,
      Validity: { Type: 'DAYS', Value: Number(days) },
    })
    draft.clear()
    notify({ type: 'success', header: 'The certificate is issued.' })
    if (made !== undefined) keepKey(CertificateArn, made.keyPem)
    navigate(hrefOf(`certificates/${CertificateArn}`))
  })
  const submit = (): void => {
    setAttempted(true)
    if (problem === undefined) run().catch(() => undefined)
  }
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Certificate</Header>}>
        <SpaceBetween size="m">
          <FormField label="CA">
            <AuthoritySelect
              authorities={authorities}
              selected={authority?.Arn ?? ''}
              empty="No CA in this Region is active."
              onSelect={(selected) => {
                draft.change({ arn: selected })
                navigate(hrefOf('certificates/issue'), { replace: true })
              }}
            />
          </FormField>
          <TemplateField
            template={template}
            onSelect={(selected) => draft.change({ template: selected })}
          />
          <FormField label="Validity in days">
            <Input
              type="number"
              value={days}
              onChange={({ detail }) => draft.change({ days: detail.value })}
            />
          </FormField>
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">Key</Header>}>
        <SpaceBetween size="l">
          <Tiles
            ariaLabel="Key source"
            value={source}
            items={[
              {
                value: 'key',
                label: 'New key in this browser',
                description:
                  'The private key never leaves this browser. Download the key after the certificate is issued.',
              },
              {
                value: 'csr',
                label: 'Certificate signing request',
                description:
                  'Paste or drop a CSR. The private key stays on the machine that created the CSR.',
              },
            ]}
            onChange={({ detail }) => draft.change({ source: detail.value as typeof source })}
          />
          {source === 'key' ? (
            <KeyFields draft={key} onChange={(changed) => draft.change({ key: changed })} />
          ) : (
            <CsrFields
              text={csr}
              template={template}
              revocation={authority?.RevocationConfiguration}
              onChange={(text) => draft.change({ csr: text })}
            />
          )}
        </SpaceBetween>
      </Container>
      {isAttempted && problem !== undefined && <Alert type="error">{problem}</Alert>}
      <ApiAlert error={error} action="Issue the certificate" />
      <Button variant="primary" loading={isRunning} onClick={submit}>
        Issue certificate
      </Button>
    </SpaceBetween>
  )
}
