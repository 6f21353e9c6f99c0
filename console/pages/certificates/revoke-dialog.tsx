/** The dialog that revokes one or more certificates and then shows the progress of publication. */
import Alert from '@cloudscape-design/components/alert'
import FormField from '@cloudscape-design/components/form-field'
import ProgressBar from '@cloudscape-design/components/progress-bar'
import Select from '@cloudscape-design/components/select'
import { useRef, useState, type ReactNode } from 'react'
import type { Client } from '../../api/client.ts'
import { ApiError, toApiError } from '../../api/errors.ts'
import type { CertificateSummary } from '../../api/types.ts'
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx'
import { ForeignText } from '../../widgets/values.tsx'
import { PublicationDialog } from './publication-dialog.tsx'

type RevocableCertificate = Pick<
  CertificateSummary,
  'CertificateAuthorityArn' | 'SerialNumber' | 'Subject'
>

interface RevokeDialogProps {
  readonly certificates: readonly RevocableCertificate[]
  /** Called after certificates have been revoked, while the dialog shows the progress. */
  readonly onChanged: () => void
  readonly onClose: () => void
}

const reasons = [
  ['UNSPECIFIED', 'Unspecified'],
  ['KEY_COMPROMISE', 'Key compromise: the private key may be known to others'],
  ['SUPERSEDED', 'Superseded: another certificate replaces this certificate'],
  ['CESSATION_OF_OPERATION', 'Cessation of operation: the service no longer exists'],
  ['AFFILIATION_CHANGED', 'Affiliation changed: the names are no longer correct'],
  ['PRIVILEGE_WITHDRAWN', 'Privilege withdrawn'],
  ['CERTIFICATE_AUTHORITY_COMPROMISE', 'Certificate authority compromise'],
  ['A_A_COMPROMISE', 'Attribute authority compromise'],
].map(([value = '', label = '']) => ({ value, label }))

const unspecified = { value: 'UNSPECIFIED', label: 'Unspecified' }
const namesShown = 5

export function RevokeDialog({ onChanged, onClose, ...props }: RevokeDialogProps): ReactNode {
  // The page reloads its list while the dialog is open.
  const [certificates] = useState(props.certificates)
  const [isRevoked, setRevoked] = useState(false)
  const [reason, setReason] = useState(reasons[0] ?? unspecified)
  const [finished, setFinished] = useState(0)
  const done = useRef(new Set<string>())
  const count = certificates.length
  if (isRevoked) return <PublicationDialog certificates={certificates} onClose={onClose} />
  const what = count === 1 ? 'the certificate' : `${count} certificates`
  return (
    <ConfirmDialog
      title={`Revoke ${what}?`}
      action="Revoke"
      confirmation="revoke"
      onConfirm={async (client) => {
        for (const certificate of certificates) {
          // After an error, the next attempt continues with the remaining certificates.
          if (done.current.has(certificate.SerialNumber)) continue
          await revoke(client, certificate, reason.value)
          done.current.add(certificate.SerialNumber)
          setFinished(done.current.size)
        }
      }}
      onClose={() => {
        if (done.current.size > 0) onChanged()
        onClose()
      }}
      onDone={() => {
        setRevoked(true)
        onChanged()
      }}
    >
      <Alert type="warning">A revocation cannot be undone.</Alert>
      <ul className="names">
        {certificates.slice(0, namesShown).map(({ SerialNumber, Subject }) => (
          <li key={SerialNumber}>
            <ForeignText text={(Subject || SerialNumber).slice(0, 100)} />
          </li>
        ))}
        {count > namesShown && <li>and {count - namesShown} more</li>}
      </ul>
      <FormField label="Reason">
        <Select
          options={reasons}
          selectedOption={reason}
          onChange={({ detail }) =>
            setReason(
              reasons.find(({ value }) => value === detail.selectedOption.value) ?? unspecified,
            )
          }
        />
      </FormField>
      {count > 1 && finished > 0 && (
        <ProgressBar
          value={(100 * finished) / count}
          label={`${finished} of ${count} revoked`}
          ariaLabel="Revocation progress"
        />
      )}
    </ConfirmDialog>
  )
}

/** Revokes a certificate. Also succeeds if the certificate is already revoked. Error messages identify the certificate. */
async function revoke(
  client: Client,
  { CertificateAuthorityArn, SerialNumber, Subject }: RevocableCertificate,
  reason: string,
): Promise<void> {
  try {
    await client.call('RevokeCertificate', {
      CertificateAuthorityArn,
      CertificateSerial: SerialNumber,
      RevocationReason: reason,
    })
  } catch (failure) {
    const { code, requestId, operation, message } = toApiError(failure)
    if (code === 'RequestAlreadyProcessedException') return
    throw new ApiError({
      code,
      requestId,
      operation,
      message: `${Subject || SerialNumber}: ${message}`,
    })
  }
}
