/** The tab with a CA's revocation configuration: CRLs and OCSP. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import type { Authority, RevocationConfiguration } from '../../api/types.ts'
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx'
import { enumText } from '../../widgets/format.ts'
import {
  RevocationFields,
  revocationOf,
  revocationProblem,
} from '../../widgets/revocation-fields.tsx'
import { RevocationStateView } from './revocation-state.tsx'
import { SerialCheck } from './serial-check.tsx'

interface RevocationTabProps {
  readonly authority: Authority
  readonly onChanged: () => void
}

export function RevocationTab({ authority, onChanged }: RevocationTabProps): ReactNode {
  const [isEditing, setEditing] = useState(false)
  const { RevocationConfiguration: configuration = {} } = authority
  const { CrlConfiguration: crl, OcspConfiguration: ocsp } = configuration
  const isNone = crl?.Enabled !== true && ocsp?.Enabled !== true
  return (
    <SpaceBetween size="l">
      {isNone && (
        <Alert type="warning" header="Clients cannot check whether a certificate is revoked">
          Configure a CRL or OCSP before you issue certificates, because each certificate contains
          the CRL and OCSP URLs.
        </Alert>
      )}
      <Container
        header={
          <Header
            variant="h2"
            actions={<Button onClick={() => setEditing(true)}>Edit</Button>}
            description="Changes affect future CRLs and certificates. The URLs in issued certificates do not change."
          >
            Configuration
          </Header>
        }
      >
        <KeyValuePairs
          columns={2}
          items={[
            { label: 'OCSP', value: ocsp?.Enabled === true ? 'On' : 'Off' },
            { label: 'OCSP host name', value: ocsp?.OcspCustomCname ?? "The server's host name" },
            {
              label: 'CRL',
              value: crl?.Enabled === true ? enumText(crl.CrlType ?? 'COMPLETE') : 'Off',
            },
            { label: 'CRL bucket', value: crl?.S3BucketName ?? '–' },
            {
              label: 'CRL validity',
              value: crl?.ExpirationInDays === undefined ? '–' : `${crl.ExpirationInDays} days`,
            },
            { label: 'CRL host name', value: crl?.CustomCname ?? "The server's host name" },
          ]}
        />
      </Container>
      {!isNone && (
        <RevocationStateView arn={authority.Arn} version={JSON.stringify(configuration)} />
      )}
      <SerialCheck arn={authority.Arn} />
      {isEditing && (
        <EditDialog
          authority={authority}
          configuration={configuration}
          onClose={() => setEditing(false)}
          onDone={() => {
            setEditing(false)
            onChanged()
          }}
        />
      )}
    </SpaceBetween>
  )
}

interface EditDialogProps {
  readonly authority: Authority
  readonly configuration: RevocationConfiguration
  readonly onDone: () => void
  readonly onClose: () => void
}

function EditDialog({ authority, configuration, onDone, onClose }: EditDialogProps): ReactNode {
  const [choice, setChoice] = useState({
    ocsp: configuration.OcspConfiguration?.Enabled === true,
    crl: configuration.CrlConfiguration?.Enabled === true,
    bucket: configuration.CrlConfiguration?.S3BucketName ?? '',
    days: String(configuration.CrlConfiguration?.ExpirationInDays ?? 7),
  })
  return (
    <ConfirmDialog
      title="Edit revocation"
      action="Save"
      isValid={revocationProblem(choice) === undefined}
      onConfirm={async (client) => {
        await client.call('UpdateCertificateAuthority', {
          CertificateAuthorityArn: authority.Arn,
          RevocationConfiguration: revocationOf(choice, configuration),
        })
      }}
      onClose={onClose}
      done="The revocation configuration is saved."
      onDone={onDone}
    >
      <RevocationFields choice={choice} onChange={setChoice} />
    </ConfirmDialog>
  )
}
