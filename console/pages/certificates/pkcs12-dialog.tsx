/** Dialog that asks for the password of a PKCS #12 file and creates the file in the browser. */
import Box from '@cloudscape-design/components/box'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import { useState, type ReactNode } from 'react'
import { parsePem } from '../../../src/x509/pem.ts'
import { encodePkcs12, pkcs12PasswordProblem } from '../../../src/x509/pkcs12.ts'
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx'

interface Pkcs12DialogProps {
  /** Private key as PKCS #8 in PEM. */
  readonly keyPem: string
  readonly friendlyName: string
  /** DER of the key's certificate, followed by DER of the CA certificates above it. */
  readonly certificates: readonly Uint8Array[]
  readonly onFile: (content: Uint8Array<ArrayBuffer>) => void
  readonly onClose: () => void
}

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) }

export function Pkcs12Dialog(props: Pkcs12DialogProps): ReactNode {
  const { keyPem, friendlyName, certificates, onFile, onClose } = props
  const [password, setPassword] = useState('')
  const [repeated, setRepeated] = useState('')
  const problem = pkcs12PasswordProblem(password)
  const write = async (): Promise<void> => {
    const [key] = parsePem(keyPem)
    if (key === undefined) throw new Error('The private key is not PEM.')
    const content = { privateKey: key.der, certificates, friendlyName }
    onFile(await encodePkcs12(content, { password, random }))
  }
  return (
    <ConfirmDialog
      title="Download as PKCS #12"
      action="Download"
      isValid={problem === undefined && repeated === password}
      onConfirm={write}
      onDone={onClose}
      onClose={onClose}
    >
      <Box variant="p">
        The file contains the private key, the certificate and its chain. The file is encrypted with
        AES-256 under a key that is derived from the password. A lost password cannot be recovered.
      </Box>
      <FormField
        label="Password"
        description="At least 8 printable ASCII characters."
        errorText={password === '' ? undefined : problem}
      >
        <Input
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={({ detail }) => setPassword(detail.value)}
        />
      </FormField>
      <FormField
        label="Repeat the password"
        errorText={
          repeated !== '' && repeated !== password ? 'The passwords do not match.' : undefined
        }
      >
        <Input
          type="password"
          autoComplete="new-password"
          value={repeated}
          onChange={({ detail }) => setRepeated(detail.value)}
        />
      </FormField>
    </ConfirmDialog>
  )
}
