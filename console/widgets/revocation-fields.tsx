/** The inputs for the revocation configuration: OCSP, and CRLs in a bucket. */
import Checkbox from '@cloudscape-design/components/checkbox'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { RevocationConfiguration } from '../api/types.ts'

export interface RevocationChoice {
  readonly ocsp: boolean
  readonly crl: boolean
  readonly bucket: string
  /** CRL validity in days, as typed by the user. */
  readonly days: string
}

const bucketForm = /^[-a-zA-Z0-9._/]{3,255}$/
const daysMax = 5000

/** Returns what is wrong with the revocation configuration, or undefined if it is valid. */
export function revocationProblem({ crl, bucket, days }: RevocationChoice): string | undefined {
  if (!crl) return undefined
  if (!bucketForm.test(bucket)) return 'Enter the name of the bucket for CRLs.'
  const isValid = /^\d{1,4}$/.test(days) && Number(days) >= 1 && Number(days) <= daysMax
  return isValid ? undefined : `The CRL validity must be 1 to ${daysMax} days.`
}

/** Returns the revocation configuration in the API's form. Members that the form does not show are left unchanged. */
export function revocationOf(
  { ocsp, crl, bucket, days }: RevocationChoice,
  before: RevocationConfiguration = {},
): RevocationConfiguration {
  const { CrlConfiguration: oldCrl, OcspConfiguration: oldOcsp } = before
  return {
    CrlConfiguration: crl
      ? { ...oldCrl, Enabled: true, S3BucketName: bucket, ExpirationInDays: Number(days) }
      : { Enabled: false },
    OcspConfiguration: ocsp ? { ...oldOcsp, Enabled: true } : { Enabled: false },
  }
}

interface RevocationFieldsProps {
  readonly choice: RevocationChoice
  readonly onChange: (choice: RevocationChoice) => void
}

export function RevocationFields({ choice, onChange }: RevocationFieldsProps): ReactNode {
  const change = (part: Partial<RevocationChoice>): void => onChange({ ...choice, ...part })
  return (
    <SpaceBetween size="m">
      <Checkbox
        checked={choice.ocsp}
        description="Clients ask for the status of a single certificate. A revocation is visible immediately."
        onChange={({ detail }) => change({ ocsp: detail.checked })}
      >
        OCSP
      </Checkbox>
      <Checkbox
        checked={choice.crl}
        description="Clients download a list of all revoked certificates. A new CRL is published within seconds of a revocation."
        onChange={({ detail }) => change({ crl: detail.checked })}
      >
        CRL
      </Checkbox>
      {choice.crl && (
        <SpaceBetween size="m">
          <FormField
            label="Bucket"
            description="To create a bucket, run signet bucket create."
            errorText={
              choice.bucket !== '' && !bucketForm.test(choice.bucket)
                ? 'A bucket name consists of 3 to 255 letters, digits and . - _ /'
                : undefined
            }
          >
            <Input
              value={choice.bucket}
              spellcheck={false}
              onChange={({ detail }) => change({ bucket: detail.value.trim() })}
            />
          </FormField>
          <FormField label="CRL validity in days">
            <Input
              type="number"
              value={choice.days}
              onChange={({ detail }) => change({ days: detail.value })}
            />
          </FormField>
        </SpaceBetween>
      )}
    </SpaceBetween>
  )
}
