/** Shows a serial number's current status, from the published CRL and from the OCSP responder. */
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import type { RevocationCheck } from '../../api/types.ts'
import { useSubmit } from '../../app/use-submit.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { RevocationCheckView } from '../../widgets/revocation-check.tsx'

const serialForm = /^(?:0x)?[0-9a-f:]{1,128}$/i

export function SerialCheck({ arn }: { readonly arn: string }): ReactNode {
  const [serial, setSerial] = useState('')
  const [checked, setChecked] = useState<RevocationCheck>()
  const isValid = serialForm.test(serial)
  const { submit, isRunning, error } = useSubmit(async (client) => {
    setChecked(undefined)
    const input = { CertificateAuthorityArn: arn, SerialNumber: serial }
    setChecked(await client.call('CheckRevocation', input))
  })
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Shows the current status of a certificate in the published CRL and in the OCSP response. After a revocation, the CRL shows the old status until the next CRL is published."
        >
          Check a serial number
        </Header>
      }
    >
      <SpaceBetween size="m">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (isValid) submit()
          }}
        >
          <FormField
            label="Serial number"
            description="In hexadecimal, with or without colons."
            errorText={serial !== '' && !isValid ? 'Enter hexadecimal digits.' : undefined}
            secondaryControl={
              <Button formAction="submit" loading={isRunning} disabled={!isValid}>
                Check
              </Button>
            }
          >
            <Input
              value={serial}
              spellcheck={false}
              onChange={({ detail }) => setSerial(detail.value.trim())}
            />
          </FormField>
        </form>
        <ApiAlert error={error} action="Check the serial number" />
        {checked !== undefined && <RevocationCheckView check={checked} />}
      </SpaceBetween>
    </Container>
  )
}
